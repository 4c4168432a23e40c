//! What a learner may give as an answer: a number, several in parentheses, or a blank.

/// A blank that is still to be filled in.
#[allow(non_upper_case_globals)]
pub const ___: f64 = f64::NAN;

/// One or more numbers.
pub trait Answer {
    /// The numbers in order; NaN where a blank is left.
    fn numbers(self) -> Vec<f64>;
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Answer for $kind {
            fn numbers(self) -> Vec<f64> {
                vec![self as f64]
            }
        }
    )*};
}

numbers!(f32, f64, i32, i64, u32, u64, usize);

impl Answer for Vec<f64> {
    fn numbers(self) -> Vec<f64> {
        self
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: Answer),*> Answer for ($($name,)*) {
            #[allow(non_snake_case)]
            fn numbers(self) -> Vec<f64> {
                let ($($name,)*) = self;
                [$($name.numbers()),*].concat()
            }
        }
    };
}

tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
