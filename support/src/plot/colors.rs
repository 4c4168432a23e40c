//! Colors that readers with any color vision can tell apart.

/// Seaborn's palette "colorblind".
const PALETTE: [&str; 10] =
    ["#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"];

/// ColorBrewer's "Blues", from no to much.
const BLUES: [[u8; 3]; 9] = [
    [247, 251, 255],
    [222, 235, 247],
    [198, 219, 239],
    [158, 202, 225],
    [107, 174, 214],
    [66, 146, 198],
    [33, 113, 181],
    [8, 81, 156],
    [8, 48, 107],
];

/// The color of a curve or group; the palette repeats.
pub(super) fn palette(place: usize) -> &'static str {
    PALETTE[place % PALETTE.len()]
}

/// A blue between the lightest at 0 and the darkest at 1.
pub(super) fn blue(share: f64) -> String {
    let place = share.clamp(0.0, 1.0) * (BLUES.len() - 1) as f64;
    let low = (place as usize).min(BLUES.len() - 2);
    let mix = |channel: usize| {
        let (from, to) = (f64::from(BLUES[low][channel]), f64::from(BLUES[low + 1][channel]));
        (from + (to - from) * (place - low as f64)).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", mix(0), mix(1), mix(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blues_run_from_light_to_dark() {
        assert_eq!((blue(0.0).as_str(), blue(0.5).as_str(), blue(1.0).as_str()), ("#f7fbff", "#6baed6", "#08306b"));
        assert_eq!((blue(-1.0), blue(2.0)), (blue(0.0), blue(1.0)));
        assert_eq!(palette(3), palette(13));
    }
}
