//! A threshold to be dragged: what each model decides at it, and what that costs.
//!
//! The notebook's kernel answers no messages, so everything is in the page: the counts at all thresholds, and a program of its
//! own (slider.js, slider.css) that draws them. Where no program runs, a picture and a table with the same numbers stand there.

mod still;
mod thresholds;

use std::fmt;

use ndarray::Array1;
use serde_json::{Value, json};

use self::thresholds::{Thresholds, counts};
use super::Figure;
use learn::cost::CostsByExample;
use learn::error::{Error, Result, ensure};
use learn::table::{Table, show};

/// Models side by side at a threshold that the reader moves; made by [`slider`]. As the last expression of a cell it appears as
/// a page that needs nothing but itself, and as a picture and a table where pages run no programs.
#[derive(Clone, PartialEq)]
pub struct Slider {
    html: String,
    still: Figure,
    table: Table,
}

/// A slider over the threshold above which an example is an alarm, for labels and the probabilities of each model, both of shape
/// `[examples]`. It begins at 0.5 and shows the confusion matrix, precision, recall, what mistakes cost, the place on the
/// precision-recall curve and among the scores of each class; the reader can edit the costs. With the number of `days` that the
/// examples cover it shows the alarms a day; `None` leaves them out. Mistakes cost the same for all examples, as `&Costs` say, or
/// each its own, as `&CostsByExample` do.
///
/// # Errors
/// When there is no model, labels, probabilities and amounts differ in length, there are no positives or no negatives, a
/// probability is not in [0, 1], or a cost or `days` is not a finite number above 0.
pub fn slider(
    labels: &Array1<bool>,
    models: &[(&str, &Array1<f32>)],
    costs: impl Into<CostsByExample>,
    days: impl Into<Option<f64>>,
) -> Result<Slider> {
    let (costs, days) = (costs.into(), days.into());
    costs.fixed().check()?;
    for (name, scores) in models {
        let checked = costs.check(labels, scores);
        checked.map_err(|error| Error::Argument(format!("the model '{name}': {error}")))?;
    }
    let (count, positives) = (models.len(), labels.iter().filter(|label| **label).count());
    let negatives = labels.len() - positives;
    ensure!(
        count > 0 && positives > 0 && negatives > 0,
        "a slider needs models, positives and negatives: there are {count}, {positives} and {negatives}"
    );
    let covered = days.unwrap_or(1.0);
    ensure!(covered.is_finite() && covered > 0.0, "the examples cover a number of days above 0, not {covered}");

    let thresholds = Thresholds::around(labels, models.iter().map(|model| model.1));
    let shown = Shown { labels, models, costs, days, thresholds, positives, negatives };
    let (still, table) = (shown.figure()?, shown.table()?);
    // What looks like the end of the program must not stand within it.
    let text = |value: &Value| value.to_string().replace('<', "\\u003c");
    let (image, rows, program) = (still::image(&still), table.html(), include_str!("slider.js").trim_end());
    let (style, data) = (text(&json!(include_str!("slider.css"))), text(&shown.data()?));
    let html = format!(
        "<div class=\"threshold-slider\" data-lm-suppress-shortcuts=\"true\">\n{image}\n{rows}\n</div>\n<script>\n({program})({style}, {data});\n</script>"
    );
    Ok(Slider { html, still, table })
}

/// What a slider shows.
struct Shown<'a> {
    labels: &'a Array1<bool>,
    models: &'a [(&'a str, &'a Array1<f32>)],
    costs: CostsByExample,
    days: Option<f64>,
    thresholds: Thresholds,
    positives: usize,
    negatives: usize,
}

impl Shown<'_> {
    /// What the program in the page needs to know.
    fn data(&self) -> Result<Value> {
        let Self { labels, models, costs, days, thresholds, positives, negatives } = self;
        let falling = thresholds.falling();
        let cents: Option<Array1<f64>> = costs.amounts().map(|amounts| thresholds::cents(labels, amounts));
        let model = |(name, scores): &(&str, &Array1<f32>)| {
            let [positives, negatives, found] = counts(labels, scores, cents.as_ref(), &falling)?;
            Ok(json!({ "name": name, "positives": positives, "negatives": negatives, "cents": found }))
        };
        Ok(json!({
            "low": thresholds.low,
            "high": thresholds.high,
            "positives": positives,
            "negatives": negatives,
            "cents": cents.as_ref().map(Array1::sum),
            "falseAlarm": costs.fixed().false_alarm,
            "missed": costs.fixed().missed,
            "days": days,
            "models": models.iter().map(model).collect::<Result<Vec<_>>>()?,
        }))
    }
}

impl Slider {
    /// The part of a web page that shows the slider.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The picture that stands there where no program runs.
    pub fn still(&self) -> &Figure {
        &self.still
    }

    /// A web page with the slider on it, to be written to a file.
    pub fn page(&self) -> String {
        let head = "<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>Threshold</title>";
        let style = ":root { color-scheme: light dark; font-family: sans-serif }";
        format!("<!doctype html>\n<html lang=\"en\">\n{head}\n<style>{style}</style>\n{}\n</html>\n", self.html)
    }

    /// Shows the slider in a notebook: the kernel calls this for the last expression of a cell.
    pub fn evcxr_display(&self) {
        show(&[("text/html", &self.html), ("image/svg+xml", self.still.svg()), ("text/plain", &self.to_string())]);
    }
}

impl fmt::Display for Slider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.still, self.table)
    }
}

impl fmt::Debug for Slider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::cost::Costs;
    use learn::random::{Purpose, generator, normal_pair};
    use ndarray::array;

    const COSTS: Costs = Costs { false_alarm: 5.0, missed: 100.0 };

    #[test]
    fn the_page_needs_nothing_else_and_is_small() {
        let mut rng = generator(1, Purpose::Synthetic, 0);
        let labels = Array1::from_shape_fn(45_000, |row| row % 500 == 0);
        let scores = labels.mapv(|label| {
            let logit = 2.0 * normal_pair(&mut rng).0 + if label { 1.0 } else { -8.0 };
            (1.0 / (1.0 + (-logit).exp())) as f32
        });
        let models = [("a <b> & </script>", &scores), ("\"c\"", &scores), ("d", &scores)];
        let html = slider(&labels, &models, &COSTS, 0.32).unwrap().html;
        assert!(html.len() < 120_000, "{} bytes", html.len());
        assert_eq!((html.matches("<script").count(), html.matches("</script").count()), (1, 1));
        assert!(html.contains("a &lt;b&gt; &amp; &lt;/script&gt;") && html.contains(r#"a \u003cb> & \u003c/script>"#));
        // The only addresses are the names of SVG, in the picture and in the program: nothing is fetched.
        assert_eq!((html.matches("://").count(), html.matches("http://www.w3.org/2000/svg").count()), (2, 2));
    }

    #[test]
    fn the_same_numbers_stand_where_no_program_runs() {
        let labels = array![false, true, false, true];
        let scores = array![0.1f32, 0.4, 0.4, 0.8];
        let fixed = slider(&labels, &[("baseline", &scores)], &COSTS, None).unwrap();
        let text = fixed.to_string();
        assert!(text.contains("baseline: precision 1.000, recall 0.500."), "{text}");
        let rows: Vec<Vec<&str>> = text.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["baseline", "0.500", "1", "1", "0", "1.000", "0.500", "100"]);
        assert_eq!(rows[2], ["baseline", "0.100", "2", "0", "1", "0.667", "1.000", "5"]);
        let by_amount = COSTS.with_amounts(&array![1.0, 900.0, 2.0, 3.0]).unwrap();
        let text = slider(&labels, &[("baseline", &scores)], &by_amount, 0.5).unwrap().to_string();
        assert!(text.contains("recall  a day   cost") && text.contains("1,000"), "{text}");
    }

    #[test]
    fn a_page_holds_the_slider() {
        let slider = slider(&array![false, true], &[("a", &array![0.1f32, 0.4])], &COSTS, None).unwrap();
        let page = slider.page();
        assert!(page.starts_with("<!doctype html>") && page.contains(slider.html()));
    }

    #[test]
    fn what_can_not_be_shown_is_refused() {
        let (labels, scores) = (array![false, true], array![0.1f32, 0.4]);
        let message = |result: Result<Slider>| result.unwrap_err().to_string();
        assert!(message(slider(&labels, &[], &COSTS, None)).contains("there are 0, 1 and 1"));
        assert!(message(slider(&array![true, true], &[("a", &scores)], &COSTS, None)).contains("2 and 0"));
        assert!(message(slider(&array![true], &[("a", &scores)], &COSTS, None)).contains("the model 'a': 1 labels"));
        let broken = array![0.1f32, 1.5];
        assert!(message(slider(&labels, &[("a", &broken)], &COSTS, None)).contains("'a': row 1"));
        assert!(message(slider(&labels, &[("a", &scores)], &COSTS, 0.0)).contains("above 0, not 0"));
        assert!(slider(&labels, &[("a", &scores)], &Costs { missed: 0.0, ..COSTS }, None).is_err());
        let other = COSTS.with_amounts(&array![1.0]).unwrap();
        assert!(message(slider(&labels, &[("a", &scores)], &other, None)).contains("1 amounts"));
    }
}
