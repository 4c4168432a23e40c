//! candle, on the CPU.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{AdamW, Dropout, Init, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap};
use support::Examples;

use crate::{BIAS, INPUTS, Order, Peer, UNITS, glorot};

pub struct Candle {
    features: Tensor,
    labels: Tensor,
    order: Order,
    hidden: Linear,
    dropout: Dropout,
    output: Linear,
    adam: AdamW,
}

impl Candle {
    pub fn new(train: &Examples) -> Result<Self> {
        let labels: Vec<f32> = train.labels.iter().map(|&label| f32::from(u8::from(label))).collect();
        let variables = VarMap::new();
        let builder = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
        let dense = |name: &str, inputs, outputs, bias| {
            let limit = f64::from(glorot(inputs, outputs));
            let weight = Init::Uniform { lo: -limit, up: limit };
            let weight = builder.pp(name).get_with_hints((outputs, inputs), "weight", weight)?;
            let bias = builder.pp(name).get_with_hints(outputs, "bias", Init::Const(bias))?;
            Ok::<_, candle_core::Error>(Linear::new(weight, Some(bias)))
        };
        let hidden = dense("hidden", INPUTS, UNITS, 0.0)?;
        let output = dense("output", UNITS, 1, BIAS.into())?;
        let adam = ParamsAdamW { lr: 1e-3, eps: 1e-7, weight_decay: 0.0, ..Default::default() };
        Ok(Self {
            features: Tensor::from_iter(train.features.iter().copied(), &Device::Cpu)?
                .reshape((train.len(), INPUTS))?,
            labels: Tensor::from_vec(labels, (train.len(), 1), &Device::Cpu)?,
            order: Order::new(train.len()),
            hidden,
            dropout: Dropout::new(0.5),
            output,
            adam: AdamW::new(variables.all_vars(), adam)?,
        })
    }

    fn train(&mut self) -> Result<f64> {
        let mut losses = Vec::new();
        for rows in self.order.batches() {
            let rows = Tensor::from_iter(rows.iter().map(|&row| row as u32), &Device::Cpu)?;
            let x = self.features.index_select(&rows, 0)?;
            let y = self.labels.index_select(&rows, 0)?;
            let hidden = self.dropout.forward(&self.hidden.forward(&x)?.relu()?, true)?;
            let loss = binary_crossentropy(&self.output.forward(&hidden)?, &y)?;
            self.adam.backward_step(&loss)?;
            losses.push(f64::from(loss.to_scalar::<f32>()?));
        }
        Ok(losses.iter().sum::<f64>() / losses.len() as f64)
    }
}

/// candle's `binary_cross_entropy_with_logit` takes the logarithm of a rounded sigmoid: the loss is NaN from an early epoch.
fn binary_crossentropy(z: &Tensor, y: &Tensor) -> Result<Tensor> {
    let small = (z.abs()?.neg()?.exp()? + 1.0)?.log()?;
    ((z.relu()? - (z * y)?)? + small)?.mean_all()
}

impl Peer for Candle {
    fn epoch(&mut self) -> f64 {
        self.train().expect("the shapes fit")
    }
}
