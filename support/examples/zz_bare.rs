use std::time::Instant;
use support::*;
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let n: usize = std::env::args().nth(1).map_or(21, |s| s.parse().unwrap());
    let full = std::env::args().nth(2).is_some();
    let raw = data::synthetic(data::SYNTHETIC_SEED);
    let cleaned = data::log_column(&raw.drop("Time")?, "Amount", 0.001)?;
    let (train, _) = data::train_test_split(&cleaned, 0.2, 5)?;
    let (train, val) = data::train_test_split(&train, 0.2, 5)?;
    let scaler = StandardScaler::fit(&train, data::CLASS)?.clip(5.0);
    let (train, val) = (scaler.transform(&train)?, scaler.transform(&val)?);
    let batches = Dataset::new(&train).shuffle(5).batch(2048);
    let mut m = Sequential::new(29, 5)
        .add(Dense::new(16).relu())
        .add(Dropout::new(0.5))
        .add(Dense::new(1).bias(-6.36))
        .compile(Adam::new(1e-3));
    let mut t = vec![];
    let mut s = vec![];
    for _ in 0..n {
        let a = Instant::now();
        let mut k = 0usize;
        for b in batches.iter() {
            k += b.len();
        }
        s.push(a.elapsed().as_secs_f64() * 1e3);
        assert!(k == train.len());
        let a = Instant::now();
        if full {
            m.fit(&batches, &val, FitConfig::epochs(1))?;
        } else {
            for b in batches.iter() {
                m.train_on_batch(&b)?;
            }
        }
        t.push(a.elapsed().as_secs_f64() * 1e3);
    }
    t.sort_by(f64::total_cmp);
    s.sort_by(f64::total_cmp);
    println!(
        "epoch median {:.2} min {:.2}; shuffle alone median {:.2} min {:.2}; {:08x}",
        t[n / 2],
        t[0],
        s[n / 2],
        s[0],
        m.weights().values().iter().fold(0u32, |a, w| a.rotate_left(5) ^ w.to_bits())
    );
    Ok(())
}
