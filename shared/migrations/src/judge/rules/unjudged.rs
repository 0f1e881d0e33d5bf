//! What cannot be judged, and is told as such.

use sluice_core::migration::Risk;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::{Judge, Rule};
use crate::judge::functions;
use crate::judge::names;
use crate::judge::script::Statement;

impl Judge<'_> {
    pub(super) fn does_not_parse(&mut self, statement: &Statement) {
        let line = statement.line;
        let means = match statement.is_psql() {
            true => {
                format!("line {line} is a command of psql, not SQL, so what it does is not known")
            }
            false => format!("the SQL does not parse at line {line}, so what it does is not known"),
        };
        self.find(statement.at, Rule::DoesNotParse, Risk::Unjudged, means);
    }

    pub(super) fn do_block(&mut self, statement: &Statement) {
        let means = "what the code in a DO block does is not known".to_owned();
        self.find(statement.at, Rule::DoBlock, Risk::Unjudged, means);
    }

    pub(super) fn execute(&mut self, statement: &Statement) {
        let means = "what a prepared statement does is not known where it is executed".to_owned();
        self.find(statement.at, Rule::Execute, Risk::Unjudged, means);
    }

    pub(super) fn copy(&mut self, statement: &Statement) {
        let means = "what COPY brings or takes is not in the SQL".to_owned();
        self.find(statement.at, Rule::Copy, Risk::Unjudged, means);
    }

    pub(super) fn function_calls(&mut self, statement: &Statement, node: &SyntaxNode) {
        let called = calls(node).into_iter();
        let mut called: Vec<String> = called
            .filter(|name| !functions::is_harmless(name))
            .collect();
        called.sort();
        called.dedup();
        if !called.is_empty() {
            self.call(statement, &called.join(", "));
        }
    }

    pub(super) fn call(&mut self, statement: &Statement, function: &str) {
        let means = format!("what {function} does is not known, and it may change data");
        self.find(statement.at, Rule::FunctionCall, Risk::Unjudged, means);
    }

    /// Statements of kinds that no rule knows, where squawk's do not either.
    pub(super) fn unknown_statements(&mut self) {
        for at in std::mem::take(&mut self.unknown) {
            if !self.found.contains_key(&at) {
                let means = "what a statement of this kind does to the running code is not \
                             known"
                    .to_owned();
                self.find(at, Rule::UnknownStatement, Risk::Unjudged, means);
            }
        }
    }
}

/// The functions that are called by name.
pub(super) fn calls(node: &SyntaxNode) -> Vec<String> {
    let calls = node.descendants().filter_map(ast::CallExpr::cast);
    calls.filter_map(|call| name_of(&call.expr()?)).collect()
}

fn name_of(expr: &ast::Expr) -> Option<String> {
    match expr {
        ast::Expr::NameRef(name) => Some(names::name(name)),
        ast::Expr::FieldExpr(field) => {
            let schema = name_of(&field.base()?)?;
            Some(format!("{schema}.{}", names::name(&field.field()?)))
        }
        _ => None,
    }
}
