//! Which columns a statement gives, by the names that PostgreSQL gives them.

use sqlparser::ast::{
    Expr, JoinConstraint, JoinOperator, Query, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    Statement, TableAlias, TableFactor, TableWithJoins, Value,
};

use super::examine::name_of;
use super::fold;
use super::scope::Known;

/// Stands for columns that are not known by name.
pub(super) const ALL: &str = "*";

type Ctes = Vec<(String, Option<Vec<String>>)>;

/// None where they are not known; no columns where it reads none.
pub(super) fn of_statement(known: &Known, statement: &Statement) -> Option<Vec<String>> {
    statement_in(known, &Vec::new(), statement)
}

/// None where they are not known.
pub(super) fn of_query(known: &Known, query: &Query) -> Option<Vec<String>> {
    query_in(known, &Vec::new(), query)
}

fn statement_in(known: &Known, ctes: &Ctes, statement: &Statement) -> Option<Vec<String>> {
    let given = |items: &Option<Vec<SelectItem>>, from: &[TableWithJoins]| match items {
        Some(items) => of_items(known, ctes, items, from),
        None => Some(Vec::new()),
    };
    match statement {
        Statement::Query(query) => query_in(known, ctes, query),
        Statement::Insert(insert) => match &insert.returning {
            Some(items) => {
                let sqlparser::ast::TableObject::TableName(table) = &insert.table else { return None };
                let own = known.columns(&name_of(table));
                let each = items.iter().map(|item| match item {
                    SelectItem::Wildcard(_) => own.map(<[String]>::to_vec),
                    other => of_items(known, ctes, std::slice::from_ref(other), &[]),
                });
                Some(each.collect::<Option<Vec<_>>>()?.concat())
            }
            None => Some(Vec::new()),
        },
        Statement::Update(update) => {
            let joined = update.from.is_some();
            given(&update.returning, std::slice::from_ref(&update.table))
                .filter(|_| !joined || !has_all(&update.returning))
        }
        Statement::Delete(delete) => {
            let (sqlparser::ast::FromTable::WithFromKeyword(from)
            | sqlparser::ast::FromTable::WithoutKeyword(from)) = &delete.from;
            let joined = delete.using.is_some();
            given(&delete.returning, from).filter(|_| !joined || !has_all(&delete.returning))
        }
        _ => None,
    }
}

fn has_all(items: &Option<Vec<SelectItem>>) -> bool {
    items.iter().flatten().any(|item| matches!(item, SelectItem::Wildcard(_)))
}

fn query_in(known: &Known, ctes: &Ctes, query: &Query) -> Option<Vec<String>> {
    let mut ctes = ctes.clone();
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        let columns = renamed(query_in(known, &ctes, &cte.query), Some(&cte.alias));
        ctes.push((fold(&cte.alias.name), columns));
    }
    of_set(known, &ctes, &query.body)
}

fn of_set(known: &Known, ctes: &Ctes, body: &SetExpr) -> Option<Vec<String>> {
    match body {
        SetExpr::Select(select) => of_items(known, ctes, &select.projection, &select.from),
        SetExpr::Query(query) => query_in(known, ctes, query),
        SetExpr::SetOperation { left, .. } => of_set(known, ctes, left),
        SetExpr::Values(values) => {
            let width = values.rows.first().map_or(0, |row| row.len());
            Some((1..=width).map(|number| format!("column{number}")).collect())
        }
        SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => {
            statement_in(known, ctes, statement)
        }
        SetExpr::Merge(_) | SetExpr::Table(_) => None,
    }
}

fn of_items(
    known: &Known,
    ctes: &Ctes,
    items: &[SelectItem],
    from: &[TableWithJoins],
) -> Option<Vec<String>> {
    let each = items.iter().map(|item| match item {
        SelectItem::UnnamedExpr(expr) => Some(vec![name(expr)]),
        SelectItem::ExprWithAlias { alias, .. } => Some(vec![fold(alias)]),
        SelectItem::ExprWithAliases { .. } => None,
        SelectItem::Wildcard(_) => {
            let all = from.iter().map(|table| of_tables(known, ctes, table));
            Some(all.collect::<Option<Vec<_>>>()?.concat())
        }
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(wanted), _) => {
            let wanted = name_of(wanted);
            let factors = from.iter().flat_map(|table| {
                std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation))
            });
            let mut named = factors.filter(|factor| called(factor).is_some_and(|called| called == wanted));
            of_factor(known, ctes, named.next()?)
        }
        SelectItem::QualifiedWildcard(..) => None,
    });
    Some(each.collect::<Option<Vec<_>>>()?.concat())
}

/// Of a table and those that are joined to it; none where columns of both become one.
fn of_tables(known: &Known, ctes: &Ctes, table: &TableWithJoins) -> Option<Vec<String>> {
    let mut columns = of_factor(known, ctes, &table.relation)?;
    for join in &table.joins {
        match &join.join_operator {
            JoinOperator::Join(on)
            | JoinOperator::Inner(on)
            | JoinOperator::Left(on)
            | JoinOperator::LeftOuter(on)
            | JoinOperator::Right(on)
            | JoinOperator::RightOuter(on)
            | JoinOperator::FullOuter(on)
            | JoinOperator::CrossJoin(on)
                if matches!(on, JoinConstraint::On(_) | JoinConstraint::None) => {}
            _ => return None,
        }
        columns.extend(of_factor(known, ctes, &join.relation)?);
    }
    Some(columns)
}

fn of_factor(known: &Known, ctes: &Ctes, factor: &TableFactor) -> Option<Vec<String>> {
    match factor {
        TableFactor::Table { name, alias, args: None, .. } => {
            let table = name_of(name);
            let cte = ctes.iter().rev().find(|(name, _)| *name == table).map(|(_, columns)| columns.clone());
            let columns = cte.unwrap_or_else(|| known.columns(&table).map(<[String]>::to_vec));
            renamed(columns, alias.as_ref())
        }
        TableFactor::Derived { subquery, alias, .. } => {
            renamed(query_in(known, ctes, subquery), alias.as_ref())
        }
        TableFactor::Table { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. } => {
            let columns = alias.as_ref().map(|alias| &alias.columns).filter(|columns| !columns.is_empty())?;
            Some(columns.iter().map(|column| fold(&column.name)).collect())
        }
        TableFactor::NestedJoin { table_with_joins, alias: None } => of_tables(known, ctes, table_with_joins),
        _ => None,
    }
}

fn called(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::Function { alias: Some(alias), .. } => Some(fold(&alias.name)),
        TableFactor::Table { name, .. } => Some(name_of(name)),
        _ => None,
    }
}

/// The first columns by the names that an alias gives them.
fn renamed(columns: Option<Vec<String>>, alias: Option<&TableAlias>) -> Option<Vec<String>> {
    let names: Vec<String> =
        alias.iter().flat_map(|alias| &alias.columns).map(|column| fold(&column.name)).collect();
    match columns {
        Some(columns) => Some(names.iter().cloned().chain(columns.into_iter().skip(names.len())).collect()),
        None => (!names.is_empty()).then_some(names),
    }
}

/// What PostgreSQL calls a column that has no name.
fn name(expr: &Expr) -> String {
    let unnamed = || "?column?".to_owned();
    match expr {
        Expr::Identifier(name) => fold(name),
        Expr::CompoundIdentifier(parts) => parts.last().map_or_else(unnamed, fold),
        Expr::Function(function) => name_of(&function.name),
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => name(inner),
        Expr::Cast { expr: inner, data_type, .. } => match name(inner) {
            plain if plain == "?column?" => data_type.to_string().to_lowercase(),
            named => named,
        },
        Expr::Value(value) if matches!(value.value, Value::Boolean(_)) => "bool".to_owned(),
        Expr::Case { .. } => "case".to_owned(),
        Expr::Exists { .. } => "exists".to_owned(),
        Expr::Array(_) => "array".to_owned(),
        Expr::Extract { .. } => "extract".to_owned(),
        _ => unnamed(),
    }
}
