//! exp and ln from additions, multiplications, divisions and bit patterns alone.
//!
//! The standard library calls the platform's libm, whose last digit differs between systems and
//! versions. These give the same bits everywhere, have no branches, and so are vectorised by the compiler.

/// e^x, within 3e-7 of it relatively; x is limited to [-87, 88], where f32 has normal numbers.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding and subtracting it rounds to a whole number
    const LN_2_HIGH: f32 = 0.693_359_4; // few digits, so that n · LN_2_HIGH is exact
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW; // e^x = 2^n · e^r, |r| ≤ ln 2 / 2
    let series =
        1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0))))));
    // n is a whole number of at most 127 either way, so the cast is exact and 2^n is a normal number.
    series * f32::from_bits(((n as i32 + 127) << 23) as u32)
}

/// ln(1 + x) for x in [0, 1], within 3e-7 of it relatively.
#[inline(always)]
pub(crate) fn ln_1p(x: f32) -> f32 {
    // ln(1 + x) = 2 artanh(s), s = x / (2 + x) ≤ 1/3: no cancellation however small x is.
    let s = x / (2.0 + x);
    let t = s * s;
    let series = 1.0
        + t * (1.0 / 3.0
            + t * (1.0 / 5.0
                + t * (1.0 / 7.0 + t * (1.0 / 9.0 + t * (1.0 / 11.0 + t * (1.0 / 13.0 + t * (1.0 / 15.0)))))));
    2.0 * s * series
}

/// The logistic function 1 / (1 + e^-x), without overflow on either side.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let numerator = if x >= 0.0 { 1.0 } else { e };
    numerator / (1.0 + e)
}

const LN_2_HIGH: f64 = 0.693_147_180_369_123_8; // 32 bits, so that n · LN_2_HIGH is exact
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// ln x, within two units in the last place; -∞ for 0 and NaN below it.
pub fn ln(x: f64) -> f64 {
    const TWO_TO_54: f64 = (1u64 << 54) as f64;
    if !(x.is_normal() && x > 0.0) {
        return match x {
            0.0 => f64::NEG_INFINITY,
            f64::INFINITY => x,
            x if x > 0.0 => ln(x * TWO_TO_54) - 54.0 * std::f64::consts::LN_2, // too small to be a normal number
            _ => f64::NAN,
        };
    }
    const SQRT_2_MANTISSA: u64 = 0x6_a09e_667f_3bcd;
    let bits = x.to_bits();
    let above = u64::from(bits & 0xf_ffff_ffff_ffff > SQRT_2_MANTISSA);
    let n = (bits >> 52) as i64 - 1023 + above as i64;
    let m = f64::from_bits((bits & 0xf_ffff_ffff_ffff) | ((1023 - above) << 52)); // x = 2^n · m
    // ln m = 2 artanh(s), s = (m - 1) / (m + 1), |s| ≤ 0.172: the series needs eleven terms.
    let s = (m - 1.0) / (m + 1.0);
    let t = s * s;
    let mut series = 0.0;
    for k in (1..=10).rev() {
        series = (series + 1.0 / (2 * k + 1) as f64) * t;
    }
    let n = n as f64;
    n * LN_2_HIGH + (2.0 * s + (2.0 * s * series + n * LN_2_LOW))
}

/// e^x in 64 bits, within 1e-15 of it relatively; x is limited to [-700, 700].
pub(crate) fn exp_f64(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let n = (x * std::f64::consts::LOG2_E).round();
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW; // e^x = 2^n · e^r, |r| ≤ ln 2 / 2
    let series = (1..=14).rev().fold(1.0, |series, k| 1.0 + series * r / f64::from(k));
    series * f64::from_bits(((n as i64 + 1023) as u64) << 52)
}

/// The sum of numbers, added from the first to the last: the standard library's does not promise an order.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative(got: f64, expected: f64) -> f64 {
        ((got - expected) / expected).abs()
    }

    #[test]
    fn exp_is_near_the_standard_one() {
        for k in -87_000..=88_000 {
            let x = k as f32 / 1000.0;
            assert!(relative(exp(x).into(), f64::from(x).exp()) < 3e-7, "exp({x}) = {}", exp(x));
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e9) > 0.0 && exp(1e9).is_finite());
    }

    #[test]
    fn exp_in_64_bits_is_near_the_standard_one() {
        for k in -69_999..=69_999 {
            let x = f64::from(k) * 0.01 + 1e-3;
            assert!(relative(exp_f64(x), x.exp()) < 1e-15, "exp_f64({x}) = {}", exp_f64(x));
        }
        assert_eq!(exp_f64(0.0), 1.0);
        assert!(exp_f64(f64::NEG_INFINITY) > 0.0 && exp_f64(f64::INFINITY).is_finite() && exp_f64(f64::NAN).is_nan());
    }

    #[test]
    fn ln_1p_is_near_the_standard_one() {
        for k in 1..=100_000 {
            let x = k as f32 / 100_000.0;
            for x in [x, x * 1e-6, x * 1e-20] {
                assert!(relative(ln_1p(x).into(), f64::from(x).ln_1p()) < 3e-7, "ln_1p({x}) = {}", ln_1p(x));
            }
        }
        assert_eq!(ln_1p(0.0), 0.0);
    }

    #[test]
    fn ln_is_near_the_standard_one() {
        for k in 1..200_000 {
            for x in [k as f64 * 0.001, k as f64 * 1e-9, k as f64 * 1e12, 1.0 + k as f64 * 1e-12] {
                let expected = x.ln();
                assert!((ln(x) - expected).abs() <= 4.5e-16 * expected.abs().max(1e-300), "ln({x}) = {}", ln(x));
            }
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!((ln(0.0), ln(-0.0), ln(f64::INFINITY)), (f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY));
        assert!(ln(-1.0).is_nan() && ln(f64::NEG_INFINITY).is_nan() && ln(f64::NAN).is_nan());
        assert!((ln(5e-324) - 5e-324f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn sigmoid_keeps_both_tails() {
        assert_eq!(sigmoid(0.0), 0.5);
        assert!(relative(sigmoid(-40.0).into(), (-40.0f64).exp()) < 4e-7);
        assert_eq!(sigmoid(200.0), 1.0);
        assert!(sigmoid(-200.0) > 0.0);
    }
}
