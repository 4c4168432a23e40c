//! Where training takes its rows from, in which order and how many at a time: a pipeline in the manner of tf.data.
//!
//! What flows through it are row numbers. The rows themselves stay where they are until the network reads them, so an
//! oversampled stream costs no more memory than the examples it repeats.

mod store;
mod stream;

use crate::error::{Result, ensure, refuse};
use crate::examples::Examples;
use crate::math::sum;
use store::Store;
pub(crate) use store::{LINE, Line, Stores, check_examples, check_names, lines_per_row};
use stream::{Rows, Source, Stream};

/// A recipe for batches. It holds no position: the same recipe gives the same batches each time it is used, so that
/// running a cell twice gives the same numbers twice.
///
/// ```
/// use learn::{dataset::Dataset, examples::Examples};
/// use ndarray::{Array1, Array2};
///
/// let features = Array2::from_shape_fn((100, 1), |(row, _)| row as f32);
/// let train = Examples::new(features, Array1::from_shape_fn(100, |row| row < 4))?; // 4 % are positive
/// let dataset = Dataset::new(&train).shuffle(42).batch(32);
/// assert_eq!(dataset.iter().map(|batch| batch.len()).collect::<Vec<_>>(), [32, 32, 32, 4]);
///
/// // Both classes equally often, without end: the positives come again and again.
/// let (negatives, positives) = train.by_class();
/// let classes = [negatives, positives].map(|class| Dataset::new(&class).shuffle(42).repeat());
/// let balanced = Dataset::sample_from_datasets(classes, [0.5, 0.5], 42)?.batch(1000);
/// let batch = balanced.iter().next().unwrap();
/// assert!((batch.positive_rate() - 0.5).abs() < 0.1);
/// # Ok::<(), learn::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(crate) stores: Stores,
    stream: Stream,
    batch_size: usize,
    /// What is wrong with it; said where the data set is used.
    fault: Option<String>,
}

/// The most rows that may be held at the same time where they come from a stream without end.
const MOST_AT_ONCE: usize = 1 << 26;

impl Dataset {
    /// All examples, once, in their order, in batches of 32. Of examples that don't fit together, or of more than 2³², nothing
    /// comes: whoever trains on them or asks for batches is told.
    pub fn new(examples: &Examples) -> Self {
        let (stores, fault) = match Store::new(examples) {
            Ok(store) => (Stores::new(store), None),
            Err(error) => (Stores::default(), Some(error.to_string())),
        };
        Self { stream: Stream::Rows(stores.rows()), stores, batch_size: 32, fault }
    }

    /// Draws a new order of all examples for every pass; the seed decides all of them.
    pub fn shuffle(self, seed: u64) -> Self {
        let all = self.stores.rows() as usize;
        self.buffered_shuffle(all, seed)
    }

    /// Shuffles as tf.data does: a buffer of `buffer_size` examples is kept full, and the next example is drawn from it
    /// at random. The order is uniform only if the buffer holds everything; otherwise it is random nearby.
    pub fn buffered_shuffle(self, buffer_size: usize, seed: u64) -> Self {
        let fault = self.fault.clone().or_else(|| self.too_many_at_once(buffer_size));
        let shuffled = self.map(|input| Stream::Shuffle { input, buffer_size: buffer_size.max(1), seed });
        Self { fault, ..shuffled }
    }

    /// What is wrong with so many rows at the same time, if there is no room for them.
    fn too_many_at_once(&self, rows: usize) -> Option<String> {
        (self.len().is_none() && rows > MOST_AT_ONCE).then(|| {
            format!(
                "the data set repeats for ever, so a batch or buffer of {rows} examples would fill the memory: take at most {MOST_AT_ONCE}"
            )
        })
    }

    /// Starts again at the end, without end.
    pub fn repeat(self) -> Self {
        self.map(Stream::Repeat)
    }

    /// Ends a pass after `count` examples.
    pub fn take(self, count: usize) -> Self {
        if let Stream::Rows(rows) = self.stream {
            return Self { stream: Stream::Rows(rows.min(u32::try_from(count).unwrap_or(rows))), ..self };
        }
        self.map(|input| Stream::Take { input, count })
    }

    fn map(self, step: impl FnOnce(Box<Stream>) -> Stream) -> Self {
        Self { stream: step(Box::new(self.stream)), ..self }
    }

    /// Mixes data sets: each example comes from one of them, drawn with these weights. One that has ended is left out.
    ///
    /// # Errors
    /// When there is not one finite weight, at least 0 and not all 0, for each data set, one of them can't be used, they differ in
    /// their features or the names of these, or some have sample weights and some have none.
    pub fn sample_from_datasets<const N: usize>(datasets: [Self; N], weights: [f64; N], seed: u64) -> Result<Self> {
        let total = sum(weights);
        ensure!(
            weights.iter().all(|weight| *weight >= 0.0) && total > 0.0 && total.is_finite(),
            "weights are at least 0, not all 0, and have a finite sum, unlike {weights:?}"
        );
        if let Some(fault) = datasets.iter().find_map(|dataset| dataset.fault.as_ref()) {
            refuse!("{fault}");
        }
        let features = datasets.each_ref().map(Self::features);
        let are_equal = features.windows(2).all(|pair| pair[0] == pair[1]);
        ensure!(are_equal, "data sets with {features:?} features can't be mixed");
        for pair in datasets.windows(2) {
            check_names(("one data set", &pair[0].stores.names()), ("another", &pair[1].stores.names()))?;
        }
        let weighted = datasets.iter().filter(|dataset| dataset.stores.have_weights()).count();
        ensure!([0, N].contains(&weighted), "some of the data sets have sample weights and some have none");
        let rows: u64 = datasets.iter().map(|dataset| u64::from(dataset.stores.rows())).sum();
        ensure!(rows <= u32::MAX.into(), "a mixture has fewer than 2³² different examples");
        let mut stores = Stores::default();
        let mut sources = Vec::new();
        for (dataset, weight) in datasets.into_iter().zip(weights) {
            sources.push(Source { stream: dataset.stream, weight, first: stores.rows() });
            stores = stores.and(&dataset.stores);
        }
        Ok(Self { stores, stream: Stream::Sample { sources, seed }, batch_size: 32, fault: None })
    }

    /// Takes `batch_size` examples at a time, at least 1; the last batch of a pass has what is left. Default: 32.
    pub fn batch(self, batch_size: usize) -> Self {
        Self { batch_size: batch_size.max(1), ..self }
    }

    /// Does nothing: [`fit`](crate::model::Sequential::fit) always draws the next batch while it works on the one before. It is
    /// there for pipelines that are carried over from tf.data.
    pub fn prefetch(self, _batches: usize) -> Self {
        self
    }

    /// The number of features.
    pub fn features(&self) -> usize {
        self.stores.features()
    }

    /// The number of examples in a pass; none if it does not end.
    pub fn len(&self) -> Option<usize> {
        self.stream.len()
    }

    /// Whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The number of batches in a pass; none if it does not end.
    pub fn steps(&self) -> Option<usize> {
        self.len().map(|len| len.div_ceil(self.batch_size))
    }

    /// Refuses what can't be trained on: examples that don't fit together, none of one class, or more rows of an endless
    /// stream at once than there is room for.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(fault) = self.fault.clone().or_else(|| self.too_many_at_once(self.batch_size)) {
            refuse!("{fault}");
        }
        ensure!(!self.is_empty(), "there are no examples to train on");
        let mut labels = self.stream.all().map(|row| self.stores.label(row));
        let first = labels.next();
        let class = if first == Some(true) { "positives" } else { "negatives" };
        ensure!(
            labels.any(|label| Some(label) != first),
            "the training set has {class} only: a classifier needs examples of both classes"
        );
        Ok(())
    }

    /// How many positives each of the first `batches` batches has; where a pass ends, the next one
    /// begins.
    ///
    /// ```
    /// use learn::{dataset::Dataset, examples::Examples};
    /// use ndarray::{Array1, Array2};
    ///
    /// let train = Examples::new(Array2::zeros((100, 1)), Array1::from_shape_fn(100, |row| row < 10))?;
    /// let counts = Dataset::new(&train).shuffle(42).batch(25).positives_per_batch(8)?;
    /// assert_eq!((counts[..4].iter().sum::<usize>(), counts[4..].iter().sum()), (10, 10)); // two passes
    /// # Ok::<(), learn::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the examples don't fit together.
    pub fn positives_per_batch(&self, batches: usize) -> Result<Vec<usize>> {
        if let Some(fault) = &self.fault {
            refuse!("{fault}");
        }
        Ok(self.passes().take(batches).map(|batch| batch.positives()).collect())
    }

    /// The batches of the first pass; see [`iter_pass`](Self::iter_pass) for a loop over epochs.
    ///
    /// # Panics
    /// As [`iter_pass`](Self::iter_pass).
    pub fn iter(&self) -> Batches {
        self.iter_pass(0)
    }

    /// The batches of pass number `pass`, counted from 0. Each pass is shuffled anew:
    /// `for epoch in 0..50 { for batch in dataset.iter_pass(epoch) { … } }` goes through the same batches as
    /// [`fit`](crate::model::Sequential::fit) with 50 epochs.
    ///
    /// # Panics
    /// When the examples don't fit together, which [`fit`](crate::model::Sequential::fit) reports as an error: a loop over no
    /// batches would train on nothing without a word.
    pub fn iter_pass(&self, pass: u64) -> Batches {
        if let Some(fault) = &self.fault {
            panic!("{fault}");
        }
        self.batches(std::iter::once(self.stream.rows(pass)))
    }

    /// The batches of one pass after the other, without end; none if there are no examples.
    pub(crate) fn passes(&self) -> Batches {
        let stream = self.stream.clone();
        let passes = if self.is_empty() { 0..0 } else { 0..u64::MAX };
        self.batches(passes.map(move |pass| stream.rows(pass)))
    }

    /// Cuts each pass into batches; none reaches from one pass into the next.
    fn batches(&self, passes: impl Iterator<Item = Rows> + Send + 'static) -> Batches {
        let stores = self.stores.clone();
        let batch_size = self.batch_size;
        let batches = passes.flat_map(move |mut pass| {
            let stores = stores.clone();
            std::iter::from_fn(move || {
                let rows: Vec<u32> = pass.by_ref().take(batch_size).collect();
                (!rows.is_empty()).then(|| Batch { stores: stores.clone(), rows })
            })
        });
        Box::new(batches)
    }
}

/// Batches, in order.
pub type Batches = Box<dyn Iterator<Item = Batch> + Send>;

/// Some rows of the examples, by number: nothing is copied until the network reads them.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(crate) stores: Stores,
    pub(crate) rows: Vec<u32>,
}

impl Batch {
    /// The number of examples.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A copy of the examples, to look at.
    pub fn examples(&self) -> Examples {
        self.stores.examples(&self.rows)
    }

    /// The share of positives.
    pub fn positive_rate(&self) -> f64 {
        self.positives() as f64 / self.len() as f64
    }

    /// The number of positives.
    pub fn positives(&self) -> usize {
        self.rows.iter().filter(|&&row| self.stores.label(row)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};

    /// Examples whose only feature is their number, from `first` on.
    fn examples(first: usize, rows: usize, label: bool) -> Examples {
        let features = Array2::from_shape_fn((rows, 1), |(row, _)| (first + row) as f32);
        Examples::new(features, Array1::from_elem(rows, label)).unwrap()
    }

    fn dataset(rows: usize) -> Dataset {
        Dataset::new(&examples(0, rows, false))
    }

    /// The first `count` examples that come out, by number.
    fn numbers(batches: Batches, count: usize) -> Vec<usize> {
        batches
            .flat_map(|batch| batch.examples().features.into_iter())
            .map(|number| number as usize)
            .take(count)
            .collect()
    }

    fn numbers_of(batch: &Batch) -> Vec<usize> {
        batch.examples().features.into_iter().map(|number| number as usize).collect()
    }

    fn sorted(mut numbers: Vec<usize>) -> Vec<usize> {
        numbers.sort_unstable();
        numbers
    }

    #[test]
    fn a_pass_has_every_example_once_and_a_short_last_batch() {
        let dataset = dataset(100).shuffle(1).batch(32);
        let sizes: Vec<usize> = dataset.iter().map(|batch| batch.len()).collect();
        assert_eq!((sizes, dataset.steps()), (vec![32, 32, 32, 4], Some(4)));
        let all = numbers(dataset.iter(), usize::MAX);
        assert!(!all.is_sorted());
        assert_eq!(sorted(all), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn recipes_repeat_and_passes_differ() {
        let dataset = dataset(100).shuffle(1).batch(10);
        assert_eq!(numbers(dataset.iter(), 100), numbers(dataset.iter(), 100));
        let two = numbers(dataset.passes(), 200);
        assert_eq!(two[..100], numbers(dataset.iter(), 100));
        assert_ne!(two[..100], two[100..]);
        assert_eq!(two[100..], numbers(dataset.iter_pass(1), 100));
        assert_ne!(numbers(dataset.iter(), 100), numbers(dataset.clone().shuffle(2).iter(), 100));
    }

    #[test]
    fn repeating_shows_every_example_once_before_any_twice() {
        for buffer_size in [1, 7, 50, 100, 1000] {
            let endless = dataset(100).buffered_shuffle(buffer_size, 3).repeat().batch(32);
            assert_eq!((endless.len(), endless.steps()), (None, None));
            for pass in numbers(endless.iter(), 500).chunks(100) {
                assert_eq!(sorted(pass.to_vec()), (0..100).collect::<Vec<_>>(), "buffer of {buffer_size}");
            }
        }
    }

    #[test]
    fn a_buffer_shuffles_nearby() {
        let order = numbers(dataset(1000).buffered_shuffle(10, 1).iter(), 1000);
        assert!(order.iter().enumerate().all(|(place, &number)| number < place + 10));
        assert_eq!(numbers(dataset(50).buffered_shuffle(1, 1).iter(), 50), (0..50).collect::<Vec<_>>());
        // With a buffer for everything each example is equally likely to come first.
        let first = |seed| numbers(dataset(10).shuffle(seed).iter(), 1)[0];
        let counts = (0..2000).fold([0; 10], |mut counts, seed| {
            counts[first(seed)] += 1;
            counts
        });
        assert!(counts.iter().all(|&count| (140..260).contains(&count)), "{counts:?}");
    }

    fn mixed(weights: [f64; 2]) -> Dataset {
        let negatives = Dataset::new(&examples(0, 1000, false)).shuffle(1).repeat();
        let positives = Dataset::new(&examples(1000, 20, true)).shuffle(1).repeat();
        Dataset::sample_from_datasets([negatives, positives], weights, 5).unwrap()
    }

    #[test]
    fn sources_come_with_their_share_and_in_their_order() {
        for (weights, share) in [([0.5, 0.5], 0.5), ([3.0, 1.0], 0.25), ([1.0, 0.0], 0.0)] {
            let batch = mixed(weights).batch(20_000).iter().next().unwrap();
            assert!((batch.positive_rate() - share).abs() < 0.015, "{}", batch.positive_rate());
        }
        let order = numbers(mixed([0.5, 0.5]).iter(), 4000);
        let negatives: Vec<usize> = order.iter().copied().filter(|&number| number < 1000).collect();
        assert_eq!(sorted(negatives[..1000].to_vec()), (0..1000).collect::<Vec<_>>());
        let positives: Vec<usize> = order.into_iter().filter(|&number| number >= 1000).collect();
        for pass in positives.chunks_exact(20) {
            assert_eq!(sorted(pass.to_vec()), (1000..1020).collect::<Vec<_>>());
        }
    }

    /// All four have the same number of rows and the same seed, and each comes in an order of its own.
    #[test]
    fn mixtures_of_mixtures_shuffle_each_source_anew() {
        let source = |place: usize| Dataset::new(&examples(100 * place, 100, true)).shuffle(1).repeat();
        let pair = |first| Dataset::sample_from_datasets([source(first), source(first + 1)], [0.5, 0.5], 1).unwrap();
        let all = Dataset::sample_from_datasets([pair(0), pair(2)], [0.5, 0.5], 1).unwrap();
        let drawn = numbers(all.iter(), 2000);
        let orders = [0, 1, 2, 3].map(|place| {
            let of_source = drawn.iter().filter(|&&number| number / 100 == place).map(|number| number % 100);
            of_source.take(100).collect::<Vec<_>>()
        });
        for (place, order) in orders.iter().enumerate() {
            assert!(orders[..place].iter().all(|other| other != order), "{place}");
        }
    }

    #[test]
    fn sources_that_end_are_left_out() {
        let (negatives, positives) = (Dataset::new(&examples(0, 50, false)), Dataset::new(&examples(50, 5, true)));
        let mixed = Dataset::sample_from_datasets([negatives, positives], [0.5, 0.5], 1).unwrap();
        assert_eq!(mixed.len(), Some(55));
        assert_eq!(sorted(numbers(mixed.iter(), usize::MAX)), (0..55).collect::<Vec<_>>());
        let one_of_two = Dataset::sample_from_datasets([dataset(3), dataset(4)], [1.0, 0.0], 1).unwrap();
        assert_eq!(one_of_two.len(), Some(3));
        assert_eq!(numbers(one_of_two.repeat().iter(), 6), [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn mixtures_that_make_no_sense_are_refused() {
        let two = || [dataset(3), dataset(4)];
        for weights in [[0.0, 0.0], [-1.0, 2.0], [f64::NAN, 1.0], [f64::INFINITY, 1.0], [1e308, 1e308]] {
            assert!(Dataset::sample_from_datasets(two(), weights, 1).is_err());
        }
        let wide = Dataset::new(&Examples::new(Array2::zeros((2, 3)), Array1::from_elem(2, true)).unwrap());
        assert!(Dataset::sample_from_datasets([dataset(3), wide], [0.5, 0.5], 1).is_err());
    }

    #[test]
    fn take_ends_a_pass() {
        assert_eq!(numbers(dataset(100).repeat().take(250).iter(), usize::MAX).len(), 250);
        assert_eq!(dataset(100).repeat().take(250).len(), Some(250));
        assert_eq!(numbers(dataset(10).take(25).iter(), usize::MAX).len(), 10);
    }

    #[test]
    fn passes_that_repeat_share_no_order() {
        let dataset = dataset(20).shuffle(1).repeat().take(40).batch(20);
        let orders: Vec<Vec<usize>> =
            (0..4).flat_map(|pass| dataset.iter_pass(pass)).map(|batch| numbers_of(&batch)).collect();
        assert_eq!(orders.len(), 8);
        for (place, order) in orders.iter().enumerate() {
            assert!(!orders[..place].contains(order), "{place}");
        }
        // The same holds for sources of a mixture.
        let endless = || self::dataset(20).shuffle(1).repeat().take(20);
        let mixed = Dataset::sample_from_datasets([endless(), endless()], [1.0, 0.0], 1).unwrap().batch(20);
        assert_ne!(numbers(mixed.iter_pass(0), 20), numbers(mixed.iter_pass(1), 20));
    }

    #[test]
    fn the_classes_that_can_come_are_known() {
        let set = |labels: &[bool]| Examples::new(Array2::zeros((labels.len(), 1)), labels.to_vec().into()).unwrap();
        let (both, negatives) = (Dataset::new(&set(&[false, true])), Dataset::new(&set(&[false, false])));
        assert!(both.check().is_ok() && both.clone().shuffle(1).repeat().check().is_ok());
        assert!(negatives.check().unwrap_err().to_string().contains("has negatives only"));
        assert!(both.clone().take(1).check().is_err());
        let mixed = |weights| Dataset::sample_from_datasets([both.clone(), negatives.clone()], weights, 1).unwrap();
        assert!(mixed([0.5, 0.5]).check().is_ok() && mixed([0.0, 1.0]).check().is_err());
    }

    #[test]
    fn nothing_repeated_is_nothing() {
        let nothing = dataset(0).shuffle(1).repeat();
        assert!(nothing.is_empty() && nothing.iter().next().is_none() && nothing.passes().next().is_none());
    }
}
