//! The SQL as a list of statements, each with the revision it belongs to and the transaction it
//! runs in.

use std::cell::OnceCell;
use std::ops::Range;

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{Parse, SourceFile, SyntaxKind, SyntaxNode};

use super::rules::set_columns;
use super::{names, text};

/// What Alembic prints before the statements of a revision, in offline mode.
const RUNNING: &str = "-- Running upgrade";
/// Alembic's own table. (`version_table`)
const VERSION_TABLE: &str = "alembic_version";

/// The statements of a migration, in their order, without Alembic's bookkeeping: neither the
/// transactions nor the table with the revision is anybody's change.
pub(super) struct Script {
    pub(super) statements: Vec<Statement>,
    /// How the SQL parsed.
    pub(super) parse: Parse<SourceFile>,
}

/// One statement.
pub(super) struct Statement {
    /// Its place in the list.
    pub(super) at: usize,
    /// What it is; `None` where it does not parse.
    pub(super) kind: Option<ast::Stmt>,
    /// Its text.
    text: String,
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// The line it begins at, counted from 1.
    pub(super) line: usize,
    /// The revision it belongs to, where the SQL says.
    pub(super) revision: Option<String>,
    /// The transaction it runs in, counted from 1; `None` outside of any.
    pub(super) transaction: Option<u32>,
    shown: OnceCell<String>,
}

impl Statement {
    /// It as people see it, without the values in it.
    pub(super) fn shown(&self) -> String {
        let show = || match self.kind {
            Some(_) => text::shown(&self.text),
            None => text::shown_first_words(&self.text),
        };
        self.shown.get_or_init(show).clone()
    }

    /// Whether it is a command of psql, the client, rather than SQL.
    pub(super) fn is_psql(&self) -> bool {
        self.text.trim_start().starts_with('\\')
    }
}

impl Script {
    /// Reads a text that has no [`text::obstacle`].
    pub(super) fn read(sql: &str) -> Self {
        let parse = SourceFile::parse(sql);
        let mut reader = Reader::new(sql);
        for piece in pieces(&parse) {
            reader.take(piece);
        }
        Self {
            statements: reader.statements,
            parse,
        }
    }

    /// The statement that an offset lies in.
    pub(super) fn at_offset(&self, offset: usize) -> Option<&Statement> {
        let after = self.statements.partition_point(|it| it.start <= offset);
        let statement = self.statements.get(after.checked_sub(1)?)?;
        (offset < statement.start + statement.text.len()).then_some(statement)
    }
}

/// A stretch of the SQL that is one statement, or none.
struct Piece {
    /// Where it stands, in bytes.
    range: Range<usize>,
    /// What it is; `None` where it does not parse.
    kind: Option<ast::Stmt>,
    /// Whether a semicolon ends it.
    ends: bool,
}

/// The SQL in pieces. What does not parse falls into several; they are put together again, so that
/// people are told once of each.
fn pieces(parse: &Parse<SourceFile>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for element in parse.syntax_node().children_with_tokens() {
        let range = element.text_range();
        match element.kind() {
            SyntaxKind::WHITESPACE | SyntaxKind::COMMENT => continue,
            _ if range.is_empty() => continue,
            SyntaxKind::SEMICOLON => {
                if let Some(last) = pieces.last_mut() {
                    last.ends = true;
                }
                continue;
            }
            _ => {}
        }
        let last = element.as_node().and_then(SyntaxNode::last_token);
        pieces.push(Piece {
            range: range.start().into()..range.end().into(),
            kind: element
                .as_node()
                .and_then(|node| ast::Stmt::cast(node.clone())),
            ends: last.is_some_and(|token| token.kind() == SyntaxKind::SEMICOLON),
        });
    }
    for error in parse.errors() {
        let at = usize::from(error.range().start());
        // What is missing is missing at the end of the piece before.
        let after = pieces.partition_point(|piece| piece.range.start <= at);
        if let Some(piece) = pieces.get_mut(after.saturating_sub(1)) {
            piece.kind = None;
        }
    }
    // PostgreSQL takes all up to a semicolon as one statement.
    pieces.dedup_by(|next, last| {
        let same = !last.ends;
        if same {
            last.range.end = next.range.end;
            last.kind = None;
            last.ends = next.ends;
        }
        same
    });
    pieces
}

/// Goes through the pieces and keeps what holds for the next.
struct Reader<'a> {
    sql: &'a str,
    /// Where each revision begins.
    revisions: Vec<(usize, String)>,
    /// The transaction that is open.
    open: Option<u32>,
    /// How many transactions there were.
    count: u32,
    /// The lines up to an offset.
    line: (usize, usize),
    statements: Vec<Statement>,
}

impl<'a> Reader<'a> {
    fn new(sql: &'a str) -> Self {
        Self {
            sql,
            revisions: text::line_comments(sql).filter_map(running).collect(),
            open: None,
            count: 0,
            line: (0, 1),
            statements: Vec::new(),
        }
    }

    fn take(&mut self, piece: Piece) {
        let Piece { range, kind, .. } = piece;
        let start = range.start;
        let revision = self.revision(start);
        if let Some(kind) = &kind
            && (matches!(kind, ast::Stmt::EmptyStmt(_))
                || self.is_transaction(kind)
                || is_bookkeeping(kind, revision.as_deref()))
        {
            return;
        }
        let line = self.line_of(start);
        self.statements.push(Statement {
            at: self.statements.len(),
            kind,
            text: self.sql[range].to_owned(),
            start,
            line,
            revision,
            transaction: self.open,
            shown: OnceCell::new(),
        });
    }

    fn line_of(&mut self, offset: usize) -> usize {
        let (from, line) = self.line;
        let more = text::line(&self.sql[from..offset], offset - from) - 1;
        self.line = (offset, line + more);
        line + more
    }

    fn revision(&self, offset: usize) -> Option<String> {
        let after = self
            .revisions
            .partition_point(|(start, _)| *start <= offset);
        let (_, revision) = self.revisions.get(after.checked_sub(1)?)?;
        Some(revision.clone())
    }

    /// Follows transactions. A savepoint is no end of one.
    fn is_transaction(&mut self, kind: &ast::Stmt) -> bool {
        let chained =
            |chain: Option<ast::ChainClause>| matches!(chain, Some(ast::ChainClause::AndChain(_)));
        let goes_on = match kind {
            ast::Stmt::Begin(_) if self.open.is_some() => return true,
            ast::Stmt::Begin(_) => true,
            ast::Stmt::Commit(ast::Commit::CommitTransaction(it)) => chained(it.chain_clause()),
            ast::Stmt::Rollback(ast::Rollback::RollbackTransaction(it)) => {
                chained(it.chain_clause())
            }
            _ => return false,
        };
        self.count += u32::from(goes_on);
        self.open = goes_on.then_some(self.count);
        true
    }
}

/// The revision that a comment of Alembic's announces: `-- Running upgrade a1, b2 -> c3`.
fn running((comment, offset): (&str, usize)) -> Option<(usize, String)> {
    let (_, to) = comment.strip_prefix(RUNNING)?.split_once("->")?;
    let id = to.split([',', ' ']).find(|word| !word.is_empty())?.trim();
    // Alembic's ids are letters, digits and the like; 32 of them is what its table takes.
    let sound = id.len() <= 64
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    (sound && !id.is_empty()).then(|| (offset, id.to_owned()))
}

/// Whether a statement is what Alembic does to note the revision.
fn is_bookkeeping(kind: &ast::Stmt, revision: Option<&str>) -> bool {
    let is_version_table = |name: Option<String>| {
        let name = name.unwrap_or_default();
        name.rsplit('.').next() == Some(VERSION_TABLE)
    };
    // The table may be named otherwise: then it is told by the revision that is written.
    let is_noted = |name: Option<String>, columns: Vec<String>| {
        columns == ["version_num"] && (is_version_table(name) || writes(kind.syntax(), revision))
    };
    match kind {
        ast::Stmt::CreateTable(it) => {
            is_version_table(names::of_path(it.table_name().and_then(|it| it.path())))
        }
        ast::Stmt::Insert(it) => {
            let name = it.relation_name_ref().and_then(|name| name.path_ref());
            let columns = it.column_target_list().into_iter();
            let columns = columns.flat_map(|list| list.column_targets());
            let columns = columns.filter_map(|target| target.name());
            is_noted(
                names::of_ref(name),
                columns.map(|name| names::name(&name)).collect(),
            )
        }
        ast::Stmt::Update(it) => {
            it.where_clause_or_current_of().is_some()
                && is_noted(names::relation(it.relation_name()), set_columns(it))
        }
        ast::Stmt::Delete(it) => {
            it.where_clause_or_current_of().is_some()
                && is_version_table(names::relation(it.relation_name()))
        }
        _ => false,
    }
}

/// Whether the first value in a statement is the revision.
fn writes(node: &SyntaxNode, revision: Option<&str>) -> bool {
    let literal = node.descendants().find_map(ast::Literal::cast);
    let value = literal.and_then(|literal| literal.string_value());
    value.is_some() && value.as_deref() == revision
}
