//! The arithmetic of dense layers and dropout on a tile, and how a function on tiles is made quick.
//!
//! A tile is 64 rows. It is stored feature by feature: a [`Lane`] holds one feature, or the output of one unit, of all
//! 64 rows. So the rows are what the processor's vectors run over, and any number of features and units goes through
//! the same loops without a remainder.
//!
//! The results are the same bits on every machine: each sum has one order, written in the code and independent of how
//! wide the vectors are; nothing is fused; and where many rows are summed, row r always goes to partial sum r mod 8.

use crate::dataset::{LINE, Line};

/// Rows in a tile.
pub(crate) const TILE: usize = 64;
/// One value for each row of a tile.
pub(crate) type Lane = [f32; TILE];
/// A sum over rows as eight sums: row r belongs to sum r mod 8.
pub(crate) type PartialSums = [f32; 8];

/// Compiles a function twice, for the processors of the target and for those with AVX2, and chooses when it is called.
/// Both do the same operations in the same order; only the number of rows per instruction differs. That they are quick hangs
/// on the compiler's inlining across units: never set `lto = "off"`, which makes an epoch 17 times slower.
macro_rules! vectorised {
    ($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$attribute])*
        pub(crate) fn $name($($argument: $type),*) {
            #[inline(always)]
            fn body($($argument: $type),*) $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $type),*) {
                    body($($argument),*);
                }
                if $crate::kernels::has_avx2() {
                    // SAFETY: the processor has just been asked whether it has AVX2.
                    return unsafe { avx2($($argument),*) };
                }
            }
            body($($argument),*);
        }
    };
}

pub(crate) use vectorised;

/// Whether to use AVX2. The environment variable `SUPPORT_NO_AVX2` turns it off, to test that the results do not change.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    static AVX2: std::sync::LazyLock<bool> =
        std::sync::LazyLock::new(|| is_x86_feature_detected!("avx2") && std::env::var_os("SUPPORT_NO_AVX2").is_none());
    *AVX2
}

vectorised! {
    /// Turns 64 rows, which lie one after the other in whole cache lines, into a tile: one lane for each number in a row.
    fn transpose(rows: &[Line], tile: &mut [Lane]) {
        let lines_per_row = tile.len() / LINE;
        for (line, lanes) in tile.chunks_exact_mut(LINE).enumerate() {
            for first in (0..TILE).step_by(8) {
                for (half, lanes) in lanes.chunks_exact_mut(8).enumerate() {
                    let block = std::array::from_fn(|row| *eight(&rows[(first + row) * lines_per_row + line].0, 8 * half));
                    for (lane, values) in lanes.iter_mut().zip(transpose_block(block)) {
                        lane[first..first + 8].copy_from_slice(&values);
                    }
                }
            }
        }
    }
}

/// Rows and columns of eight by eight numbers exchanged.
#[inline(always)]
fn transpose_block(rows: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
    std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
}

vectorised! {
    /// The outputs of a dense layer before its activation: output\[u\] = bias\[u\] + Σᵢ weights\[i, u\] · input\[i\].
    ///
    /// `weights` has the shape `[input, output]`, row by row, as Keras' kernel. The sum runs over i upwards.
    fn dense(input: &[Lane], weights: &[f32], bias: &[f32], output: &mut [Lane]) {
        let units = output.len();
        multiply(input, |i, u| weights[i * units + u], |u| bias[u], output);
    }
}

vectorised! {
    /// The gradient of the loss by the inputs of a dense layer: input\[i\] = Σᵤ weights\[i, u\] · delta\[u\], where `delta` is
    /// the gradient by its outputs. The sum runs over u upwards.
    fn dense_backward(delta: &[Lane], weights: &[f32], input: &mut [Lane]) {
        let units = delta.len();
        multiply(delta, |u, i| weights[i * units + u], |_| 0.0, input);
    }
}

/// output\[o\] = start(o) + Σᵢ weight(i, o) · input\[i\]: the one product behind both directions.
///
/// Four outputs of sixteen rows stay in registers while i runs, so that each value loaded is used four times.
#[inline(always)]
fn multiply(input: &[Lane], weight: impl Fn(usize, usize) -> f32, start: impl Fn(usize) -> f32, output: &mut [Lane]) {
    let blocks = output.len() / 4 * 4;
    for o in (0..blocks).step_by(4) {
        multiply_block::<4>(input, |i, k| weight(i, o + k), |k| start(o + k), &mut output[o..o + 4]);
    }
    for o in blocks..output.len() {
        multiply_block::<1>(input, |i, _| weight(i, o), |_| start(o), &mut output[o..=o]);
    }
}

#[inline(always)]
fn multiply_block<const OUTPUTS: usize>(
    input: &[Lane],
    weight: impl Fn(usize, usize) -> f32,
    start: impl Fn(usize) -> f32,
    output: &mut [Lane],
) {
    const ROWS: usize = 16;
    for first in (0..TILE).step_by(ROWS) {
        let mut sums: [[f32; ROWS]; OUTPUTS] = std::array::from_fn(|o| [start(o); ROWS]);
        for (i, lane) in input.iter().enumerate() {
            let values: &[f32; ROWS] = lane[first..].first_chunk().expect("a tile is a multiple of 16 rows");
            for (o, sums) in sums.iter_mut().enumerate() {
                let weight = weight(i, o);
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += weight * value;
                }
            }
        }
        for (lane, sums) in output.iter_mut().zip(&sums) {
            lane[first..first + ROWS].copy_from_slice(sums);
        }
    }
}

vectorised! {
    /// Adds to the gradient of the loss by the weights, shape `[input, output]` row by row: input\[i\] · delta\[u\], and by
    /// the bias: delta\[u\], each summed over the rows of the tile.
    fn dense_gradient(input: &[Lane], delta: &[Lane], weights: &mut [PartialSums], bias: &mut [PartialSums]) {
        let units = delta.len();
        for u in (0..units / 2 * 2).step_by(2) {
            gradient_of::<2>(input, &delta[u..u + 2], weights, u, units);
        }
        if units % 2 == 1 {
            gradient_of::<1>(input, &delta[units - 1..], weights, units - 1, units);
        }
        for (bias, delta) in bias.iter_mut().zip(delta) {
            for rows in delta.chunks_exact(8) {
                for (sum, value) in bias.iter_mut().zip(rows) {
                    *sum += value;
                }
            }
        }
    }
}

/// Units from number `u` on against all inputs.
#[inline(always)]
fn gradient_of<const UNITS: usize>(
    input: &[Lane],
    delta: &[Lane],
    weights: &mut [PartialSums],
    u: usize,
    units: usize,
) {
    let blocks = input.len() / 4 * 4;
    for i in (0..blocks).step_by(4) {
        gradient_block::<4, UNITS>(&input[i..i + 4], delta, &mut weights[i * units + u..], units);
    }
    for i in blocks..input.len() {
        gradient_block::<1, UNITS>(&input[i..=i], delta, &mut weights[i * units + u..], units);
    }
}

/// Some inputs against some units. The weights of an input lie side by side, those of the next `stride` further on.
///
/// Four inputs and two units make eight sums, as many as the processor needs at once to be busy all the time.
#[inline(always)]
fn gradient_block<const INPUTS: usize, const UNITS: usize>(
    input: &[Lane],
    delta: &[Lane],
    weights: &mut [PartialSums],
    stride: usize,
) {
    let mut sums: [[PartialSums; UNITS]; INPUTS] =
        std::array::from_fn(|i| std::array::from_fn(|u| weights[i * stride + u]));
    for first in (0..TILE).step_by(8) {
        let deltas: [&PartialSums; UNITS] = std::array::from_fn(|u| eight(&delta[u], first));
        for (sums, lane) in sums.iter_mut().zip(input) {
            let values = eight(lane, first);
            for (sum, delta) in sums.iter_mut().zip(deltas) {
                for ((sum, value), delta) in sum.iter_mut().zip(values).zip(delta) {
                    *sum += value * delta;
                }
            }
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        weights[i * stride..i * stride + UNITS].copy_from_slice(sums);
    }
}

#[inline(always)]
fn eight(lane: &[f32], first: usize) -> &PartialSums {
    lane[first..].first_chunk().expect("tiles and lines are multiples of 8")
}

/// The one sum that eight partial sums stand for.
pub(crate) fn total(sums: &PartialSums) -> f32 {
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

vectorised! {
    /// Dropout in both directions: multiplies by `scale` where the row's bit is set and by 0 where it is not.
    fn mask(input: &[Lane], kept: &[u64], scale: f32, output: &mut [Lane]) {
        for ((input, &kept), output) in input.iter().zip(kept).zip(output) {
            for (half, (input, output)) in input.chunks_exact(32).zip(output.chunks_exact_mut(32)).enumerate() {
                let bits = (kept >> (32 * half)) as u32;
                for (row, (input, output)) in input.iter().zip(output).enumerate() {
                    *output = if bits >> row & 1 == 1 { *input * scale } else { 0.0 };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};
    use rand::Rng;

    fn lanes(count: usize, seed: u64) -> Vec<Lane> {
        let mut rng = generator(seed, Purpose::Weights, 0);
        (0..count).map(|_| std::array::from_fn(|_| rng.gen_range(-1.0..1.0))).collect()
    }

    /// The same sums, one row after the other: what the kernels must give to the last bit.
    #[test]
    fn products_are_the_plain_sums_for_any_widths() {
        for (inputs, units) in [(1, 1), (3, 2), (4, 4), (5, 7), (29, 16), (16, 1), (64, 1), (9, 33)] {
            let (input, delta) = (lanes(inputs, 1), lanes(units, 2));
            let weights = lanes(inputs * units, 3).iter().map(|lane| lane[0]).collect::<Vec<_>>();
            let bias = lanes(units, 4).iter().map(|lane| lane[0]).collect::<Vec<_>>();
            let mut output = lanes(units, 5);
            dense(&input, &weights, &bias, &mut output);
            let mut back = lanes(inputs, 6);
            dense_backward(&delta, &weights, &mut back);
            let mut gradient = vec![[0.5; 8]; inputs * units];
            let mut bias_gradient = vec![[0.25; 8]; units];
            dense_gradient(&input, &delta, &mut gradient, &mut bias_gradient);
            for row in 0..TILE {
                for u in 0..units {
                    let sum = (0..inputs).fold(bias[u], |sum, i| sum + weights[i * units + u] * input[i][row]);
                    assert_eq!(output[u][row], sum);
                }
                for i in 0..inputs {
                    let sum = (0..units).fold(0.0, |sum, u| sum + weights[i * units + u] * delta[u][row]);
                    assert_eq!(back[i][row], sum);
                }
            }
            for u in 0..units {
                for eighth in 0..8 {
                    let rows = (eighth..TILE).step_by(8);
                    assert_eq!(bias_gradient[u][eighth], rows.clone().fold(0.25, |sum, row| sum + delta[u][row]));
                    for i in 0..inputs {
                        let sum = rows.clone().fold(0.5, |sum, row| sum + input[i][row] * delta[u][row]);
                        assert_eq!(gradient[i * units + u][eighth], sum);
                    }
                }
            }
        }
    }

    #[test]
    fn masks_follow_the_bits() {
        let mut output = [[1.0; TILE]];
        mask(&[[2.0; TILE]], &[1 | 1 << 40], 1.5, &mut output);
        let expected: Lane = std::array::from_fn(|row| if row == 0 || row == 40 { 3.0 } else { 0.0 });
        assert_eq!(output[0], expected);
    }
}
