//! How far a word is from another, for `did you mean`.

/// How many slips of the pen are between two words, if that is at most `most`. Words whose lengths
/// differ by more are not compared: comparing takes time and memory of both lengths multiplied, and
/// whoever writes the word decides how long it is.
pub(crate) fn slips(word: &str, other: &str, most: usize) -> Option<usize> {
    let longest = other.len().saturating_add(4 * most);
    if word.len() > longest || word.chars().count().abs_diff(other.chars().count()) > most {
        return None;
    }
    let slips = strsim::damerau_levenshtein(word, other);
    (slips <= most).then_some(slips)
}

#[cfg(test)]
mod tests {
    use super::slips;

    #[test]
    fn words_are_compared_only_where_they_can_be_near() {
        assert_eq!(slips("stagign", "staging", 2), Some(1));
        assert_eq!(slips("kürzer", "kurzer", 1), Some(1));
        assert_eq!(slips("prod", "production", 3), None);
        // Compared, this would take 80 GB.
        let long = "a".repeat(100_000);
        assert_eq!(slips(&long, &long[..99_000], 3), None);
    }
}
