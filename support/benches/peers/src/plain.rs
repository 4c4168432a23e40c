//! A loop written by hand with ndarray: the formulas of the forward and the backward pass, and products by `dot`.

use ndarray::{Array1, Array2, Axis, Zip};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use support::Examples;

use crate::{BIAS, INPUTS, Order, Peer, SEED, UNITS, glorot};

pub struct Plain {
    features: Array2<f32>,
    labels: Array1<f32>,
    order: Order,
    rng: SmallRng,
    hidden: (Array2<f32>, Array1<f32>),
    output: (Array1<f32>, Array1<f32>),
    adam: [Adam; 4],
    steps: i32,
}

impl Plain {
    pub fn new(train: &Examples) -> Self {
        let mut rng = SmallRng::seed_from_u64(SEED);
        let mut uniform = |limit: f32| rng.gen_range(-limit..limit);
        let kernel = Array2::from_shape_simple_fn((INPUTS, UNITS), || uniform(glorot(INPUTS, UNITS)));
        let output = Array1::from_shape_simple_fn(UNITS, || uniform(glorot(UNITS, 1)));
        Self {
            features: train.features.clone(),
            labels: train.labels.mapv(|label| f32::from(u8::from(label))),
            order: Order::new(train.len()),
            rng,
            adam: [INPUTS * UNITS, UNITS, UNITS, 1].map(Adam::new),
            hidden: (kernel, Array1::zeros(UNITS)),
            output: (output, Array1::from_elem(1, BIAS)),
            steps: 0,
        }
    }
}

impl Peer for Plain {
    fn epoch(&mut self) -> f64 {
        let (mut sum, mut batches) = (0.0, 0);
        for rows in self.order.batches() {
            let x = self.features.select(Axis(0), rows);
            let y = self.labels.select(Axis(0), rows);

            // Forward: relu and dropout in one pass, with one random bit for each unit of a row.
            let mut hidden = x.dot(&self.hidden.0);
            for mut row in hidden.rows_mut() {
                let bits: u16 = self.rng.r#gen();
                Zip::indexed(&mut row).and(&self.hidden.1).for_each(|unit, value, bias| {
                    let kept = if bits >> unit & 1 == 1 { 2.0 } else { 0.0 };
                    *value = (*value + bias).max(0.0) * kept;
                });
            }
            let mut logits = hidden.dot(&self.output.0);
            logits += self.output.1[0];

            // The loss, and its gradient in the place of the logits.
            let scale = 1.0 / rows.len() as f32;
            let mut loss = 0.0;
            Zip::from(&mut logits).and(&y).for_each(|z, y| {
                let e = (-z.abs()).exp();
                loss += z.max(0.0) - *z * y + e.ln_1p();
                let sigmoid = if *z >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
                *z = (sigmoid - y) * scale;
            });
            sum += f64::from(loss * scale);
            batches += 1;

            // Backward: a unit that gave 0 has no gradient; those that gave something were doubled by dropout.
            let output_gradient = (hidden.t().dot(&logits), Array1::from_elem(1, logits.sum()));
            for (mut row, slope) in hidden.rows_mut().into_iter().zip(&logits) {
                Zip::from(&mut row).and(&self.output.0).for_each(|value, weight| {
                    *value = if *value > 0.0 { 2.0 * slope * weight } else { 0.0 };
                });
            }
            let hidden_gradient = (x.t().dot(&hidden), hidden.sum_axis(Axis(0)));

            self.steps += 1;
            let [kernel, bias, output, output_bias] = &mut self.adam;
            kernel.step(self.steps, self.hidden.0.iter_mut(), hidden_gradient.0.iter());
            bias.step(self.steps, self.hidden.1.iter_mut(), hidden_gradient.1.iter());
            output.step(self.steps, self.output.0.iter_mut(), output_gradient.0.iter());
            output_bias.step(self.steps, self.output.1.iter_mut(), output_gradient.1.iter());
        }
        sum / f64::from(batches)
    }
}

struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Adam {
    fn new(weights: usize) -> Self {
        Self { mean: vec![0.0; weights], square: vec![0.0; weights] }
    }

    fn step<'a>(
        &mut self,
        step: i32,
        weights: impl Iterator<Item = &'a mut f32>,
        gradient: impl Iterator<Item = &'a f32>,
    ) {
        let rate = 1e-3 * (1.0 - 0.999_f32.powi(step)).sqrt() / (1.0 - 0.9_f32.powi(step));
        for (((weight, slope), mean), square) in weights.zip(gradient).zip(&mut self.mean).zip(&mut self.square) {
            *mean += 0.1 * (slope - *mean);
            *square += 0.001 * (slope * slope - *square);
            *weight -= rate * *mean / (square.sqrt() + 1e-7);
        }
    }
}
