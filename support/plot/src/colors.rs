//! Colors that readers with any color vision can tell apart.

/// Seaborn's palette "colorblind".
const PALETTE: [&str; 10] =
    ["#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"];

/// The same colors with more than half of white.
const TINTS: [&str; 10] =
    ["#8dc0dc", "#f0cd8e", "#8dd3c0", "#ecb78c", "#e8c2e1", "#e7ceb8", "#fddbf3", "#cfcfcf", "#f6f2a3", "#b3ddf5"];

/// ColorBrewer's "Blues", from no to much.
const BLUES: [u32; 9] = [0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x08519c, 0x08306b];

/// The color of a curve or group; the palette repeats.
pub(super) fn palette(place: usize) -> &'static str {
    PALETTE[place % PALETTE.len()]
}

/// The color of a curve in the background.
pub(super) fn tint(place: usize) -> &'static str {
    TINTS[place % TINTS.len()]
}

/// A blue between the lightest at 0 and the darkest at 1.
pub(super) fn blue(share: f64) -> String {
    let place = share.clamp(0.0, 1.0) * (BLUES.len() - 1) as f64;
    let low = (place as usize).min(BLUES.len() - 2);
    let mix = |shift: u32| {
        let [from, to] = [BLUES[low], BLUES[low + 1]].map(|color| f64::from(color >> shift & 0xff));
        (from + (to - from) * (place - low as f64)).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", mix(16), mix(8), mix(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tint_is_its_color_and_white() {
        for (color, tint) in PALETTE.iter().zip(TINTS) {
            for channel in [1..3, 3..5, 5..7] {
                let [full, light] = [color, tint].map(|text| i32::from_str_radix(&text[channel.clone()], 16).unwrap());
                assert!((100 * (255 - light) - 45 * (255 - full)).abs() <= 50, "{color} {tint}");
            }
        }
    }

    #[test]
    fn blues_run_from_light_to_dark() {
        assert_eq!((blue(0.0).as_str(), blue(0.5).as_str(), blue(1.0).as_str()), ("#f7fbff", "#6baed6", "#08306b"));
        assert_eq!((blue(-1.0), blue(2.0)), (blue(0.0), blue(1.0)));
        assert_eq!(palette(3), palette(13));
    }
}
