//! Long lines, broken between words.

/// The text in lines of at most `width` characters, where its words allow it; never empty.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        } else if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += more;
    }
    lines.push(line);
    lines
}

/// The same, with the text's own indent before all lines and `hang` more before all but the first.
pub fn wrap_hanging(text: &str, width: usize, hang: usize) -> Vec<String> {
    let words = text.trim_start_matches(' ');
    let indent = text.len() - words.len();
    let lines = wrap(words, width.saturating_sub(indent + hang));
    let indented = lines.into_iter().enumerate().map(|(number, line)| {
        let before = if number == 0 { indent } else { indent + hang };
        format!("{}{line}", " ".repeat(before))
    });
    indented.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words_and_none_is_lost() {
        let text = "word ".repeat(60);
        let lines = wrap(text.trim(), 84);
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line.chars().count() <= 84));
        assert_eq!(lines.join(" "), text.trim());
        assert_eq!(wrap("", 84), [""]);
        assert_eq!(wrap("longer-than-that", 4), ["longer-than-that"]);
    }

    #[test]
    fn a_hanging_indent_comes_after_the_first_line() {
        assert_eq!(
            wrap_hanging("  1. one two", 10, 3),
            ["  1.", "     one", "     two"]
        );
    }
}
