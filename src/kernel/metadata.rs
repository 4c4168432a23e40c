//! What `cargo metadata` lists, narrowed to the packages whose types a cell can name.
//!
//! Of `support` and what it uses, these are `support` itself and the crates it re-exports, with
//! their parts (`polars` has `polars-core` and others). A package that the reader adds keeps all
//! that it uses.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// The crates that `support` re-exports, ours among them, and the traits of numbers that their
/// methods ask for.
const FAMILIES: [&str; 7] = ["learn", "linfa", "ndarray", "num", "plot", "plotters", "polars"];

/// The list without anything, if it is the standard library's.
pub fn without_library(text: &str) -> Option<String> {
    let mut metadata: Value = serde_json::from_str(text).ok()?;
    let packages = metadata["packages"].as_array_mut()?;
    if !packages.iter().any(|package| package["name"] == "sysroot") {
        return None;
    }
    packages.clear();
    metadata["workspace_members"].as_array_mut()?.clear();
    metadata["resolve"]["nodes"].as_array_mut()?.clear();
    Some(metadata.to_string())
}

/// The narrowed list; none when it has neither `support` nor the standard library, or isn't
/// understood.
pub fn narrow(text: &str) -> Option<String> {
    let mut metadata: Value = serde_json::from_str(text).ok()?;
    let kept = kept(&metadata)?;
    let is_kept = |id: &Value| id.as_str().is_some_and(|id| kept.contains(id));
    metadata["packages"].as_array_mut()?.retain(|package| is_kept(&package["id"]));
    let nodes = metadata["resolve"]["nodes"].as_array_mut()?;
    nodes.retain(|node| is_kept(&node["id"]));
    for node in nodes {
        node["dependencies"].as_array_mut()?.retain(&is_kept);
        node["deps"].as_array_mut()?.retain(|dependency| is_kept(&dependency["pkg"]));
    }
    Some(metadata.to_string())
}

fn kept(metadata: &Value) -> Option<HashSet<String>> {
    let by_id = |list: &'_ Value| -> Option<HashMap<String, Value>> {
        list.as_array()?.iter().map(|item| Some((item["id"].as_str()?.to_owned(), item.clone()))).collect()
    };
    let (packages, nodes) = (by_id(&metadata["packages"])?, by_id(&metadata["resolve"]["nodes"])?);
    let name = |id: &str| packages.get(id).and_then(|package| package["name"].as_str()).unwrap_or_default();
    let members: Vec<&str> = metadata["workspace_members"].as_array()?.iter().filter_map(Value::as_str).collect();
    if nodes.keys().any(|id| name(id) == "sysroot") {
        return Some(nodes.keys().filter(|id| is_of_the_library(name(id))).cloned().collect());
    }
    let support = nodes.keys().find(|id| name(id) == "support")?;

    let mut kept: HashSet<String> = members.iter().map(|id| (*id).to_owned()).collect();
    let mut walk = |start: Vec<&str>, wanted: &dyn Fn(&str) -> bool| {
        let mut open: Vec<String> = start.into_iter().map(str::to_owned).collect();
        while let Some(id) = open.pop() {
            kept.insert(id.clone());
            let used = nodes.get(&id).map(used_by).unwrap_or_default();
            open.extend(used.into_iter().filter(|id| wanted(id) && !kept.contains(id)));
        }
    };
    walk(members.into_iter().filter(|id| id != support).collect(), &|id| id != support);
    walk(vec![support], &|id| is_of_a_family(name(id)));
    Some(kept)
}

/// Of the standard library's own packages, those with types that cells use: not what prints a
/// backtrace.
pub fn is_of_the_library(name: &str) -> bool {
    ["core", "alloc", "std", "proc_macro", "sysroot", "hashbrown"].contains(&name)
        || name.starts_with("rustc-std-workspace")
}

fn is_of_a_family(name: &str) -> bool {
    FAMILIES.iter().any(|family| name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

// What a package's library uses; not what only its build or its tests use.
fn used_by(node: &Value) -> Vec<String> {
    let list = node["deps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let normal = |dependency: &&Value| {
        dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    };
    list.iter().filter(normal).filter_map(|dependency| Some(dependency["pkg"].as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn metadata(uses: &[(&str, &[&str])]) -> String {
        let packages: Vec<Value> = uses.iter().map(|(name, _)| json!({ "id": name, "name": name })).collect();
        let nodes: Vec<Value> = uses
            .iter()
            .map(|(name, used)| {
                let deps: Vec<Value> =
                    used.iter().map(|used| json!({ "pkg": used, "dep_kinds": [{ "kind": null }] })).collect();
                json!({ "id": name, "dependencies": used, "deps": deps })
            })
            .collect();
        json!({ "packages": packages, "workspace_members": ["ctx"], "resolve": { "nodes": nodes } }).to_string()
    }

    fn names(text: &str) -> Vec<String> {
        let metadata: Value = serde_json::from_str(text).unwrap();
        let of = |package: &Value| package["name"].as_str().unwrap().to_owned();
        metadata["packages"].as_array().unwrap().iter().map(of).collect()
    }

    #[test]
    fn what_cells_can_name_is_kept() {
        let text = metadata(&[
            ("ctx", &["support", "regex"]),
            ("support", &["polars", "rayon"]),
            ("polars", &["polars-core", "tokio"]),
            ("polars-core", &["libc"]),
            ("regex", &["memchr"]),
            ("rayon", &[]),
            ("tokio", &["libc"]),
            ("libc", &[]),
            ("memchr", &[]),
        ]);
        let narrowed = narrow(&text).unwrap();
        assert_eq!(names(&narrowed), ["ctx", "support", "polars", "polars-core", "regex", "memchr"]);
        let metadata: Value = serde_json::from_str(&narrowed).unwrap();
        let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 6);
        assert_eq!(nodes[2]["dependencies"], json!(["polars-core"]));
        assert_eq!(nodes[2]["deps"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn of_the_standard_library_the_types_are_kept() {
        let text = metadata(&[("sysroot", &["std"]), ("std", &["core", "libc"]), ("core", &[]), ("libc", &[])]);
        assert_eq!(names(&narrow(&text).unwrap()), ["sysroot", "std", "core"]);
    }

    #[test]
    fn only_the_library_is_left_out() {
        let library = metadata(&[("sysroot", &["std"]), ("std", &[])]);
        assert!(names(&without_library(&library).unwrap()).is_empty());
        assert!(without_library(&metadata(&[("ctx", &["regex"]), ("regex", &[])])).is_none());
    }

    #[test]
    fn another_workspace_and_another_text_are_left_alone() {
        assert!(narrow(&metadata(&[("ctx", &["regex"]), ("regex", &[])])).is_none());
        assert!(narrow("error").is_none());
        assert!(narrow(r#"{"packages":[],"resolve":null,"workspace_members":[]}"#).is_none());
    }

    #[test]
    fn all_that_support_re_exports_is_kept() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("support/src/lib.rs");
        let text = fs::read_to_string(root).unwrap();
        let whole = |line: &str| -> Option<String> {
            let name = line.strip_prefix("pub use ")?.strip_suffix(';')?;
            name.chars().all(|letter| letter.is_alphanumeric() || letter == '_').then(|| name.replace('_', "-"))
        };
        let crates: Vec<String> = text.lines().filter_map(whole).collect();
        assert!(!crates.is_empty());
        for name in crates {
            assert!(is_of_a_family(&name), "{name} is missing in FAMILIES");
        }
    }
}
