//! A table: columns of one length, found by their names.

use std::collections::HashSet;

use crate::chunked::{BooleanChunked, IdxCa};
use crate::column::{Column, PlSmallStr};
use crate::{PolarsResult, refused};

pub enum UniqueKeepStrategy {
    First,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DataFrame {
    height: usize,
    columns: Vec<Column>,
}

impl DataFrame {
    pub fn new(height: usize, columns: Vec<Column>) -> PolarsResult<Self> {
        let mut names = HashSet::new();
        match columns.iter().find(|column| column.len() != height || !names.insert(column.name())) {
            Some(column) => refused(format!("column '{}' has another length or is there twice", column.name())),
            None => Ok(Self { height, columns }),
        }
    }

    pub fn height(&self) -> usize {
        self.height
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub fn get_column_names(&self) -> Vec<&PlSmallStr> {
        self.columns.iter().map(Column::name).collect()
    }

    fn place(&self, name: &str) -> PolarsResult<usize> {
        let place = self.columns.iter().position(|column| column.name() == name);
        place.map_or_else(|| refused(format!("no column is called '{name}'")), Ok)
    }

    pub fn column(&self, name: &str) -> PolarsResult<&Column> {
        Ok(&self.columns[self.place(name)?])
    }

    pub fn select<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> PolarsResult<Self> {
        let columns = names.into_iter().map(|name| self.column(name.as_ref()).cloned()).collect::<PolarsResult<_>>()?;
        Self::new(self.height, columns)
    }

    pub fn drop(&self, name: &str) -> PolarsResult<Self> {
        self.place(name)?;
        Ok(self.drop_many([name]))
    }

    pub fn drop_many<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        let columns = self.columns.iter().filter(|column| !names.contains(&column.name().as_str())).cloned();
        Self { height: self.height, columns: columns.collect() }
    }

    pub fn replace(&mut self, name: &str, column: Column) -> PolarsResult<&mut Self> {
        let place = self.place(name)?;
        self.columns[place] = column.with_name(name.into());
        Ok(self)
    }

    pub fn rename(&mut self, name: &str, to: PlSmallStr) -> PolarsResult<&mut Self> {
        let place = self.place(name)?;
        self.columns[place] = self.columns[place].clone().with_name(to);
        Ok(self)
    }

    pub fn hstack(&self, columns: &[Column]) -> PolarsResult<Self> {
        Self::new(self.height, [&self.columns, columns].concat())
    }

    fn rows(&self, rows: &[usize]) -> Self {
        let columns = self.columns.iter().map(|column| column.rows(rows)).collect();
        Self { height: rows.len(), columns }
    }

    pub fn take(&self, rows: &IdxCa) -> PolarsResult<Self> {
        Ok(self.rows(&rows.values.iter().map(|&row| row as usize).collect::<Vec<_>>()))
    }

    pub fn filter(&self, keep: &BooleanChunked) -> PolarsResult<Self> {
        Ok(self.rows(&(0..self.height).filter(|&row| keep.get(row) == Some(true)).collect::<Vec<_>>()))
    }

    pub fn head(&self, rows: Option<usize>) -> Self {
        self.split_at(rows.unwrap_or(10).min(self.height) as i64).0
    }

    pub fn split_at(&self, row: i64) -> (Self, Self) {
        let rows: Vec<usize> = (0..self.height).collect();
        let (first, second) = rows.split_at(row as usize);
        (self.rows(first), self.rows(second))
    }

    pub fn drop_nulls(&self, names: Option<&[&str]>) -> PolarsResult<Self> {
        let of_interest = |column: &&Column| names.is_none_or(|names| names.contains(&column.name().as_str()));
        let missing: Vec<_> = self.columns.iter().filter(of_interest).map(Column::is_null).collect();
        let is_whole = |row: &usize| missing.iter().all(|column| column.get(*row) == Some(false));
        Ok(self.rows(&(0..self.height).filter(is_whole).collect::<Vec<_>>()))
    }

    pub fn unique_stable(
        &self,
        names: Option<&[String]>,
        _keep: UniqueKeepStrategy,
        _slice: Option<(i64, usize)>,
    ) -> PolarsResult<Self> {
        let of_interest = |column: &&Column| names.is_none_or(|names| names.iter().any(|name| column.name() == name));
        let keys: Vec<Vec<_>> = self.columns.iter().filter(of_interest).map(|column| column.keys().collect()).collect();
        let mut seen = HashSet::new();
        let is_first = |row: &usize| seen.insert(keys.iter().map(|column| &column[*row]).collect::<Vec<_>>());
        Ok(self.rows(&(0..self.height).filter(is_first).collect::<Vec<_>>()))
    }
}
