//! SVG figures as PNG: GitHub and some viewers show no SVG in a notebook's outputs.

use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result, bail};
use base64::Engine;
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

// Two pixels for each of the figure's, for sharp screens.
const DENSITY: f32 = 2.0;
const LARGEST_SIDE: f32 = 8000.0;

// A font of our own, so that a figure is the same on every machine.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts.set_serif_family("DejaVu Sans");
    fonts.set_monospace_family("DejaVu Sans");
    Arc::new(fonts)
});

/// Draws an SVG on white; the PNG is in base64, as a notebook holds it.
pub fn from_svg(svg: &str) -> Result<String> {
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).context("a figure is not a valid SVG")?;
    let size = tree.size();
    let (width, height) = (size.width() * DENSITY, size.height() * DENSITY);
    if width > LARGEST_SIDE || height > LARGEST_SIDE {
        bail!("a figure of {} × {} is too large for a PNG", size.width(), size.height());
    }
    let mut pixels = Pixmap::new(width.ceil() as u32, height.ceil() as u32).context("a figure has no size")?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(DENSITY, DENSITY), &mut pixels.as_mut());
    let png = pixels.encode_png().context("can't write a figure as PNG")?;
    Ok(base64::engine::general_purpose::STANDARD.encode(png))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(svg: &str) -> Pixmap {
        let bytes = base64::engine::general_purpose::STANDARD.decode(from_svg(svg).unwrap());
        Pixmap::decode_png(&bytes.unwrap()).unwrap()
    }

    #[test]
    fn twice_the_size_on_white() {
        let image = pixels(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="10" height="6"><rect width="5" height="6" fill="red"/></svg>"#,
        );
        assert_eq!((image.width(), image.height()), (20, 12));
        let at = |x, y| image.pixel(x, y).unwrap().demultiply();
        assert_eq!((at(2, 2).red(), at(2, 2).green()), (255, 0));
        assert_eq!((at(18, 2).red(), at(18, 2).green()), (255, 255));
    }

    #[test]
    fn text_is_drawn_with_the_font_of_our_own() {
        let image = pixels(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><text x="2" y="15" font-family="sans-serif" font-size="14">Loss</text></svg>"#,
        );
        let dark = image.pixels().iter().filter(|pixel| pixel.red() < 100).count();
        assert!(dark > 50, "{dark} dark pixels");
    }

    #[test]
    fn bad_svg_is_an_error() {
        assert!(from_svg("<svg").is_err());
    }
}
