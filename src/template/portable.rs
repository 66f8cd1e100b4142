//! Logarithm and exponential from the four basic operations, so that a value is the same to the last bit on every machine.
//!
//! The standard library's come from the platform and may differ in the last place. Accuracy here is about 1e-15, which a draw does not need.

use std::f64::consts::{LN_2, SQRT_2};

/// Natural logarithm of a normal number above 0.
pub(super) const fn ln(x: f64) -> f64 {
    debug_assert!(x >= f64::MIN_POSITIVE && x.is_finite());
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    if mantissa > SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    exponent as f64 * LN_2 + twice_atanh((mantissa - 1.0) / (mantissa + 1.0))
}

/// ln(1 + x) for x above -1, exact near 0 too.
pub(super) const fn ln_1p(x: f64) -> f64 {
    if x.abs() < 0.4 { twice_atanh(x / (2.0 + x)) } else { ln(1.0 + x) }
}

/// e^x - 1, exact near 0 too.
pub(super) const fn exp_m1(x: f64) -> f64 {
    if x.abs() < 0.35 { taylor(x) } else { exp(x) - 1.0 }
}

/// e^x; saturates where a float ends.
pub(super) const fn exp(x: f64) -> f64 {
    if x > 709.0 {
        return f64::MAX;
    }
    if x < -700.0 {
        return 0.0;
    }
    let power = (x / LN_2 + if x < 0.0 { -0.5 } else { 0.5 }) as i64;
    let rest = x - power as f64 * LN_2;
    (1.0 + taylor(rest)) * f64::from_bits(((power + 1023) as u64) << 52)
}

/// ln((1 + y) / (1 - y)) for |y| below 0.2.
const fn twice_atanh(y: f64) -> f64 {
    let square = y * y;
    let mut sum = 0.0;
    let mut odd = 25.0;
    while odd >= 1.0 {
        sum = sum * square + 1.0 / odd;
        odd -= 2.0;
    }
    2.0 * y * sum
}

/// e^x - 1 for |x| below 0.35.
const fn taylor(x: f64) -> f64 {
    let mut sum = 1.0;
    let mut term = 14.0;
    while term >= 2.0 {
        sum = 1.0 + sum * x / term;
        term -= 1.0;
    }
    x * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_and_exponential_agree_with_the_platforms() {
        for step in 1..2000 {
            let x = f64::from(step) * 0.37;
            assert!((ln(x) - x.ln()).abs() < 1e-13 * (1.0 + x.ln().abs()), "{x}");
            let small = (f64::from(step) - 1000.0) / 2500.0;
            assert!((ln_1p(small) - small.ln_1p()).abs() < 1e-14, "{small}");
            assert!((exp_m1(small) - small.exp_m1()).abs() < 1e-14, "{small}");
            let wide = (f64::from(step) - 1000.0) / 10.0;
            assert!((exp(wide) / wide.exp() - 1.0).abs() < 1e-12, "{wide}");
        }
    }
}
