//! Figures of plain counts: how rare positives are, and how many a batch has.

use super::Figure;
use super::axes::{Axis, Panel, number};
use super::histograms::{histogram_counts, percent};
use super::page::{Anchor, Frame, GUIDE, LARGE, ORANGE, PIXEL, Page, SMALL};
use learn::error::{Result, ensure};
use learn::math::sum;
use learn::table::thousands;

/// How rare positives are: as many dots as there are examples for each positive, one of them orange.
///
/// # Errors
/// When there are no positives, or more than 10,000 examples for each.
pub fn imbalance(negatives: usize, positives: usize) -> Result<Figure> {
    ensure!(positives > 0, "there are no positives to draw");
    let all = negatives + positives;
    let count = ((all as f64 / positives as f64).round() as usize).max(1);
    ensure!(count <= 10_000, "one positive in {count} examples is too rare to draw: at most one in 10,000");
    // Half again as wide as high, in the width of a page.
    let columns = ((1.6 * count as f64).sqrt().ceil() as usize).clamp(1, 200);
    let rows = count.div_ceil(columns);
    let step = (580 / columns as i32).min(16);
    let mut page = Page::new(620, rows as i32 * step + 58);
    let at = |dot: usize| {
        let (row, column) = (dot / columns, dot % columns);
        ((20 + step / 2 + column as i32 * step) * PIXEL, (44 + step / 2 + row as i32 * step) * PIXEL)
    };
    // Somewhere inside, where it has to be looked for.
    let positive = (rows / 3) * columns + columns * 5 / 8;
    let positive = positive.min(count - 1);
    let radius = (step * PIXEL * 3 / 8).max(2);
    page.discs((0..count).filter(|&dot| dot != positive).map(at), radius, "#b8b8b8");
    page.discs([at(positive)], radius + PIXEL / 2, "#000000");
    page.discs([at(positive)], radius, ORANGE);
    let text = format!("1 positive in {} examples ({} in {})", thousands(count), thousands(positives), thousands(all));
    page.text((20 * PIXEL, 22 * PIXEL), Anchor::Start, LARGE, "#000000", &text);
    let share = 100.0 * positives as f64 / all as f64;
    let alt = format!(
        "A grid of {} dots, one of them orange: {} of {} examples are positive, {share:.2} %.",
        thousands(count),
        thousands(positives),
        thousands(all)
    );
    Ok(page.finish("How rare positives are", alt))
}

/// How many positives the batches of each dataset have: a panel for each, from 0, so that the width of the bars against their
/// distance from 0 is the noise in a step of training.
///
/// # Errors
/// When there is no dataset, or one without batches.
pub fn positives_per_batch(datasets: &[(&str, Vec<usize>)]) -> Result<Figure> {
    ensure!(!datasets.is_empty(), "there are no batches to draw");
    let (left, width, gap, height) = (64, 250, 52, 220);
    let mut page = Page::new(left + (width + gap) * datasets.len() as i32, height + 118);
    let mut alt = String::from("Positives in a batch.");
    for (place, (name, counts)) in datasets.iter().enumerate() {
        ensure!(!counts.is_empty(), "'{name}' has no batches");
        let values: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
        let batches = values.len() as f64;
        let mean = sum(values.iter().copied()) / batches;
        let deviation = (sum(values.iter().map(|value| (value - mean) * (value - mean))) / batches).sqrt();
        let (low, high) = (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
        // A bar for each number, or for a few.
        let size = high / 60 + 1;
        let end = (high / size + 1) * size;
        let shares = percent(&histogram_counts(&values, (0.0, end as f64), end / size));
        let frame = Frame::pixels(left + (width + gap) * place as i32, 58, width, height);
        let x = Axis::linear("positives in a batch", -0.5 * size as f64, end as f64 - 0.5 * size as f64, 6);
        let highest = shares.iter().copied().fold(0.0, f64::max);
        let y = Axis::linear(if place == 0 { "share of the batches" } else { "" }, 0.0, 1.06 * highest, 5).percent();
        let panel = Panel::draw(&mut page, frame, "", x, y)?;
        for (bar, &share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let middle = (bar * size) as f64;
            let ((x0, y0), (x1, y1)) =
                (panel.place(middle - 0.5 * size as f64, share), panel.place(middle + 0.5 * size as f64, 0.0));
            let bar = Frame { left: x0, top: y0, right: x1, bottom: y1 };
            page.rectangle(bar, format_args!(r##"fill="{ORANGE}" stroke="#ffffff" stroke-width="2""##));
        }
        panel.vertical(&mut page, mean, GUIDE);
        let title = (frame.center().0, frame.top - 34 * PIXEL);
        page.text(title, Anchor::Middle, LARGE, "#000000", name);
        let spread = format!("mean {}, standard deviation {:.1}", number(mean, 1), deviation);
        page.text((title.0, frame.top - 14 * PIXEL), Anchor::Middle, SMALL, "#000000", &spread);
        alt += &format!(" {name}: {} to {}, {spread}, in {} batches.", thousands(low), thousands(high), counts.len());
    }
    Ok(page.finish("Positives in a batch", alt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told() {
        let figure = imbalance(284_315, 492).unwrap();
        assert!(figure.alt().starts_with("A grid of 579 dots, one of them orange: 492 of 284,807 examples"));
        assert!(imbalance(5, 5).is_ok() && imbalance(0, 3).is_ok());
        assert!(imbalance(3, 0).is_err() && imbalance(1_000_000, 1).is_err());
        let figure = positives_per_batch(&[("as they are", vec![0, 3, 6]), ("even", vec![1024])]).unwrap();
        assert!(figure.alt().contains("as they are: 0 to 6, mean 3.0, standard deviation 2.4, in 3 batches."));
        assert!(positives_per_batch(&[]).is_err());
        assert!(positives_per_batch(&[("none", vec![])]).unwrap_err().to_string().contains("'none'"));
    }
}
