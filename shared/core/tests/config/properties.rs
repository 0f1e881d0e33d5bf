//! Whatever is thrown at the parser, it answers: a configuration, or at least one problem.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use sluice_core::config::Config;

use super::ERP;

fn answers(text: &str) {
    let Err(problems) = Config::parse(text) else {
        return;
    };
    assert!(
        !problems.as_slice().is_empty(),
        "refused without a reason:\n{text}"
    );
    for problem in problems.as_slice() {
        assert!(
            problem.line >= 1 && problem.line <= text.matches('\n').count() + 1,
            "{problem:?}"
        );
        assert!(
            problem.column >= 1 && !problem.help.is_empty(),
            "{problem:?}"
        );
    }
}

/// What may stand in the place of a line of the ERP file.
fn line() -> impl Strategy<Value = String> {
    let lines: Vec<&str> = ERP.lines().collect();
    prop_oneof![
        Just(String::new()),
        proptest::sample::select(lines).prop_map(str::to_owned),
        "[a-z_]{1,12} = (\"[ -~]{0,20}\"|-?[0-9]{1,20}|true|nan|1e9|\\[\\]|\\{\\}|2026-01-01)",
        "\\[{1,2}[a-z.]{0,20}\\]{0,2}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        answers(&text);
    }

    #[test]
    fn any_value_of_any_type_is_answered(
        key in proptest::sample::select(ERP.lines().filter(|l| l.contains(" = ")).collect::<Vec<_>>()),
        value in "(\"[ -~]{0,12}\"|-?[0-9]{1,20}|0x[0-9a-f]{1,18}|true|-inf|1.5|\\[1, \"a\"\\]|\\{ a = 1 \\}|07:32:00)",
    ) {
        let name = key.split(" = ").next().unwrap();
        answers(&ERP.replacen(key, &format!("{name} = {value}"), 1));
    }

    #[test]
    fn the_erp_file_with_other_lines_is_answered(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), line()), 1..6),
    ) {
        let mut lines: Vec<String> = ERP.lines().map(str::to_owned).collect();
        for (index, line) in changes {
            let index = index.index(lines.len());
            lines[index] = line;
        }
        answers(&lines.join("\n"));
    }

    #[test]
    fn the_erp_file_cut_anywhere_is_answered(
        from in any::<proptest::sample::Index>(), length in 0..400usize,
    ) {
        let chars: Vec<char> = ERP.chars().collect();
        let from = from.index(chars.len());
        let rest = &chars[(from + length).min(chars.len())..];
        answers(&chars[..from].iter().chain(rest).collect::<String>());
    }
}
