//! How likely it is that chance alone shows so much.
//!
//! Both tests are exact, so they hold for few requests too. The first multiplies and divides
//! floating-point numbers and does nothing else with them: IEEE 754 defines those to the last bit,
//! and Rust keeps to it on every machine. The second counts in whole numbers.

/// The most errors that are summed over.
const MOST: u64 = 10_000;

/// Whether `of_new` or more of `all` errors are the new version's with a chance of one in `odds` at
/// most, where each is the new version's with the chance `share.0 / share.1`: the conditional test
/// of two Poisson rates.
pub(super) fn too_many(of_new: u64, all: u64, share: (u128, u128), odds: u32) -> bool {
    if of_new == 0 || share.0 >= share.1 {
        return false;
    }
    // Of very many a part proves it as well, and the sum has as many terms as there are errors.
    let scale = all.div_ceil(MOST).max(1);
    let (of_new, all) = (of_new / scale, all.div_ceil(scale));
    tail(of_new, all, ratio(share.0, share.1)) <= 1.0 / f64::from(odds)
}

/// P(X ≥ x) for X of the binomial distribution of n and p.
fn tail(x: u64, n: u64, p: f64) -> f64 {
    let q = 1.0 - p;
    // C(n, x) p^x q^(n-x), its factors taken in an order that keeps the product within range.
    let mut term = 1.0;
    let mut others = n - x;
    for i in 1..=x {
        term *= number(n - x + i) / number(i) * p;
        while term > 1.0 && others > 0 {
            term *= q;
            others -= 1;
        }
    }
    while others > 0 && term > 0.0 {
        term *= q;
        others -= 1;
    }
    let mut sum = 0.0;
    for k in x..=n {
        sum += term;
        if term <= sum * 1e-17 {
            break;
        }
        term *= number(n - k) / number(k + 1) * (p / q);
    }
    sum
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no target group has so many requests in an hour that a unit matters"
)]
fn number(whole: u64) -> f64 {
    whole as f64
}

#[expect(clippy::cast_precision_loss, reason = "as above")]
fn ratio(one: u128, other: u128) -> f64 {
    one as f64 / other as f64
}

/// Whether of `new` and `old` values the new ones rank so high with a chance of one in `odds` at
/// most, where all of them are alike: the exact test of Mann and Whitney. `below` counts the pairs
/// in which the old value is the smaller one; a tie is not among them.
pub(super) fn ranks_too_high(below: usize, new: usize, old: usize, odds: u32) -> bool {
    let short = new * old - below;
    if new == 0 || old == 0 || short * 2 >= new * old {
        return false;
    }
    let as_high: i128 = arrangements(new, old, short).iter().sum();
    let as_high = as_high.unsigned_abs();
    let all: u128 = (1..=new as u128).fold(1, |all, i| all * (old as u128 + i) / i);
    as_high.saturating_mul(u128::from(odds)) <= all
}

/// In how many ways each number of pairs up to `most` comes about: the first coefficients of the
/// Gaussian binomial.
fn arrangements(new: usize, old: usize, most: usize) -> Vec<i128> {
    let mut ways = vec![0_i128; most + 1];
    ways[0] = 1;
    for i in 1..=new {
        for at in (old + i..=most).rev() {
            ways[at] -= ways[at - old - i];
        }
        for at in i..=most {
            ways[at] += ways[at - i];
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_binomial_distributions() {
        // R: pbinom(x - 1, n, p, lower.tail = FALSE)
        for (x, n, p, expected) in [
            (1, 1, 0.1, 0.1),
            (6, 9, 0.1, 6.423400e-05),
            (9, 13, 0.1, 4.906045e-07),
            (500, 1000, 0.5, 0.512_612_5),
            (30, 1000, 0.01, 2.059989e-07),
            (0, 7, 0.3, 1.0),
        ] {
            let got = tail(x, n, p);
            let close = (got - expected).abs() <= expected * 1e-4 + 1e-300;
            assert!(close, "P(X ≥ {x} of {n} at {p}) = {got}, not {expected}");
        }
        // To the last bit, on every machine.
        assert_eq!(tail(6, 9, 0.1).to_bits(), TAIL_OF_SIX);
    }

    const TAIL_OF_SIX: u64 = 4_544_368_057_024_782_609;

    #[test]
    fn the_rank_test_counts_every_arrangement() {
        let (new, old) = (4, 5);
        let mut counted = vec![0_i128; new * old + 1];
        for set in 0..1_u32 << (new + old) {
            if set.count_ones() as usize == new {
                let mut pairs = 0;
                let mut olds = 0;
                for at in 0..new + old {
                    if set >> at & 1 == 1 {
                        pairs += olds;
                    } else {
                        olds += 1;
                    }
                }
                counted[pairs] += 1;
            }
        }
        assert_eq!(arrangements(new, old, new * old), counted);
    }

    #[test]
    fn it_takes_five_minutes_above_thirty_to_be_one_in_a_hundred_thousand() {
        assert!(!ranks_too_high(4 * 30, 4, 30, 100_000));
        assert!(ranks_too_high(5 * 30, 5, 30, 100_000));
        // One old minute above all of them is forgiven, and takes two more.
        assert!(!ranks_too_high(6 * 29, 6, 30, 100_000));
        assert!(ranks_too_high(7 * 29, 7, 30, 100_000));
        assert!(!ranks_too_high(0, 0, 30, 1) && !ranks_too_high(0, 5, 0, 1));
    }
}
