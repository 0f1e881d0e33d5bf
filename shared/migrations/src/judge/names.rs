//! Names as PostgreSQL takes them: unquoted ones in small letters, `public` left out.

use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode, NameLike};

/// PostgreSQL cuts names at this many bytes. (NAMEDATALEN - 1)
const LONGEST: usize = 63;

/// The name that a path ends in, with its schema where that is not `public`.
pub(super) fn of_ref(path: Option<ast::PathRef>) -> Option<String> {
    let path = path?;
    let name = name(&path.segment()?);
    Some(with_schema(path.qualifier(), name))
}

/// The same of a path that makes the name.
pub(super) fn of_path(path: Option<ast::Path>) -> Option<String> {
    let path = path?;
    let name = name(&path.segment()?);
    Some(with_schema(path.qualifier(), name))
}

fn with_schema(schema: Option<ast::PathRef>, name: String) -> String {
    let schema = schema.and_then(|path| path.segment());
    match schema.map(|segment| self::name(&segment)) {
        Some(schema) if schema != "public" => format!("{schema}.{name}"),
        _ => name,
    }
}

/// A name without a schema, such as a column's.
pub(super) fn name(node: &impl NameLike) -> String {
    let mut name = node.text();
    name.truncate(name.floor_char_boundary(LONGEST));
    // It may stand in a sentence.
    name.retain(|c| !c.is_control());
    name
}

/// The name of the table that a statement names.
pub(super) fn table(name: Option<ast::TableRelationName>) -> Option<String> {
    of_ref(name?.table_name_ref()?.path_ref())
}

/// The name of the table or view that a statement names.
pub(super) fn relation(name: Option<ast::RelationName>) -> Option<String> {
    of_ref(name?.relation_name_ref()?.path_ref())
}

/// The first name in a statement: what it is about.
pub(super) fn subject(node: &SyntaxNode) -> Option<String> {
    node.descendants().find_map(|node| {
        ast::PathRef::cast(node.clone())
            .and_then(|path| of_ref(Some(path)))
            .or_else(|| ast::Path::cast(node).and_then(|path| of_path(Some(path))))
    })
}

/// The columns that an expression names.
pub(super) fn columns_in(node: &SyntaxNode) -> Vec<String> {
    let refs = node.descendants().filter_map(ast::NameRef::cast);
    // The function of a call is a name as well.
    refs.filter(|name| {
        name.syntax()
            .parent()
            .is_none_or(|parent| !ast::CallExpr::can_cast(parent.kind()))
    })
    .map(|name| self::name(&name))
    .collect()
}

/// Whether an expression has a node of a kind.
pub(super) fn holds<N: AstNode>(node: &SyntaxNode) -> bool {
    node.descendants().any(|node| N::can_cast(node.kind()))
}
