//! Writes the built-in synthetic set as a CSV file: `cargo run -p support --example synthetic_csv -- FILE [SEED]`.

use std::error::Error;

use support::data;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name the file to write: synthetic_csv FILE [SEED]")?;
    let seed = match arguments.next() {
        Some(seed) => seed.parse().map_err(|_| format!("a seed is a whole number, not '{seed}'"))?,
        None => data::SYNTHETIC_SEED,
    };
    data::write_csv(&data::synthetic(seed), &file)?;
    println!("{file}: the synthetic set of seed {seed}");
    Ok(())
}
