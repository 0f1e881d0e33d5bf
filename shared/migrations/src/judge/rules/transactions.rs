//! What a failure half way leaves behind.

use sluice_core::migration::Risk;
use squawk_syntax::ast;

use super::{Judge, Rule};
use crate::judge::script::{Script, Statement};

impl Judge<'_> {
    /// A statement that PostgreSQL refuses inside a transaction.
    pub(super) fn not_in_transaction(&mut self, statement: &Statement, what: &str) {
        let means = match statement.transaction {
            Some(_) => {
                format!("{what} fails inside a transaction: it needs an autocommit block")
            }
            None => format!("{what} is not undone if something after it fails"),
        };
        self.find(
            statement.at,
            Rule::NotInTransaction,
            Risk::NotTransactional,
            means,
        );
    }

    /// Whether all of it is one transaction.
    pub(super) fn transactions(&mut self, script: &Script) {
        let changes = script
            .statements
            .iter()
            .filter(|statement| !is_setting(statement));
        let changes: Vec<&Statement> = changes.collect();
        for run in changes.chunk_by(|a, b| a.transaction == b.transaction) {
            if run.first().is_some_and(|first| first.transaction.is_none()) {
                self.outside(run);
            }
        }
        let mut inside = changes
            .iter()
            .filter_map(|it| Some((it.transaction?, it.at)));
        let first = inside.next();
        let second = inside.find(|(transaction, _)| first.is_some_and(|it| it.0 != *transaction));
        if let Some((_, at)) = second {
            let means = "what comes before it is committed by then, and stays if something after \
                         that fails"
                .to_owned();
            self.find(at, Rule::SeveralTransactions, Risk::NotTransactional, means);
        }
    }

    /// Statements that follow each other outside of any transaction. Told once, of the first that
    /// does not say so already.
    fn outside(&mut self, run: &[&Statement]) {
        let untold = |it: &&&Statement| !self.has(it.at, Risk::NotTransactional);
        let untold: Vec<usize> = run.iter().filter(untold).map(|it| it.at).collect();
        let Some((first, rest)) = untold.split_first() else {
            return;
        };
        let more = match rest.len() {
            0 => String::new(),
            1 => ", as does one more after it".to_owned(),
            more => format!(", as do {more} more after it"),
        };
        let means =
            format!("it runs outside of a transaction and stays if something after it fails{more}");
        self.find(
            *first,
            Rule::OutsideTransaction,
            Risk::NotTransactional,
            means,
        );
    }
}

/// Whether it only sets something of the session's.
fn is_setting(statement: &Statement) -> bool {
    matches!(
        statement.kind,
        Some(ast::Stmt::Set(_) | ast::Stmt::Reset(_) | ast::Stmt::Show(_) | ast::Stmt::SetRole(_))
    )
}
