//! burn, on its flex backend for CPUs.

use burn::module::Param;
use burn::nn::loss::{BinaryCrossEntropyLoss, BinaryCrossEntropyLossConfig};
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear, LinearConfig, Relu};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::prelude::*;
use support::Examples;

use crate::{BIAS, INPUTS, Order, Peer, SEED, UNITS};

#[derive(Module, Debug)]
struct Network {
    hidden: Linear,
    relu: Relu,
    dropout: Dropout,
    output: Linear,
}

impl Network {
    fn new(device: &Device) -> Self {
        let dense = |inputs, outputs, bias: f32| {
            let config = LinearConfig::new(inputs, outputs).with_initializer(Initializer::XavierUniform { gain: 1.0 });
            let bias = Param::from_tensor(Tensor::full([outputs], bias, device));
            Linear { bias: Some(bias), ..config.init(device) }
        };
        Self {
            hidden: dense(INPUTS, UNITS, 0.0),
            relu: Relu::new(),
            dropout: DropoutConfig::new(0.5).init(),
            output: dense(UNITS, 1, BIAS),
        }
    }

    fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        let hidden = self.relu.forward(self.hidden.forward(features));
        self.output.forward(self.dropout.forward(hidden))
    }
}

pub struct Burn {
    device: Device,
    features: Tensor<2>,
    labels: Tensor<2, Int>,
    order: Order,
    network: Option<Network>,
    loss: BinaryCrossEntropyLoss,
    adam: ModuleOptimizer,
}

impl Burn {
    pub fn new(train: &Examples) -> Self {
        let device = Device::flex().autodiff();
        device.seed(SEED);
        let features: Vec<f32> = train.features.iter().copied().collect();
        let labels: Vec<i32> = train.labels.iter().map(|&label| label.into()).collect();
        Self {
            features: Tensor::from_data(TensorData::new(features, [train.len(), INPUTS]), &device),
            labels: Tensor::from_data(TensorData::new(labels, [train.len(), 1]), &device),
            order: Order::new(train.len()),
            network: Some(Network::new(&device)),
            loss: BinaryCrossEntropyLossConfig::new().with_logits(true).init(&device),
            adam: AdamConfig::new().with_epsilon(1e-7).init(),
            device,
        }
    }
}

impl Peer for Burn {
    fn epoch(&mut self) -> f64 {
        let mut network = self.network.take().expect("an epoch gives the network back");
        let mut losses = Vec::new();
        for rows in self.order.batches() {
            let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
            let rows = Tensor::<1, Int>::from_data(rows.as_slice(), &self.device);
            let x = self.features.clone().select(0, rows.clone());
            let y = self.labels.clone().select(0, rows);
            let loss = self.loss.forward(network.forward(x), y);
            losses.push(loss.clone().into_scalar::<f32>());
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = self.adam.step(1e-3, network, gradients);
        }
        self.network = Some(network);
        losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / losses.len() as f64
    }
}
