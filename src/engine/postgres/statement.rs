//! A statement that the server has prepared for a session: what it takes, what it gives, and how a request to execute it is written.

use bytes::BytesMut;
use postgres_protocol::message::{backend, frontend};

use super::bind::Form;
use super::wire::{Trouble, Values, Wire, changes, unwritten};
use crate::engine::steps::Ran;
use crate::value::EncodedValue;

/// As many as the protocol counts.
pub(super) const MOST_PARAMETERS: usize = 65_535;

/// Prepared under a name.
#[derive(Debug)]
pub(super) struct Statement {
    name: String,
    parameters: Vec<Form>,
    columns: Vec<Column>,
    /// Parameters that are sent as text this time.
    as_text: Vec<usize>,
}

/// A column that it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) form: Form,
    /// Whether it is a table's, as it is stored.
    pub(super) stored: bool,
}

/// A row that was received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    columns: &'a [Column],
    values: Values<'a>,
}

impl Statement {
    /// Has the server prepare a statement.
    pub(super) fn prepare(wire: &mut Wire, name: String, sql: &str) -> Result<Statement, Trouble> {
        wire.out.clear();
        frontend::parse(&name, sql, [], &mut wire.out).map_err(unwritten)?;
        frontend::describe(b'S', &name, &mut wire.out).map_err(unwritten)?;
        frontend::sync(&mut wire.out);
        let (mut parameters, mut columns) = (Vec::new(), Vec::new());
        wire.exchange(|tag, body| match tag {
            backend::PARAMETER_DESCRIPTION_TAG => {
                let (numbers, _) = body.get(2..).unwrap_or_default().as_chunks::<4>();
                parameters = numbers.iter().map(|number| Form::of(u32::from_be_bytes(*number))).collect();
            }
            backend::ROW_DESCRIPTION_TAG => columns = described(body),
            _ => {}
        })?;
        Ok(Statement { name, parameters, columns, as_text: Vec::new() })
    }

    /// Has the server forget it.
    pub(super) fn close(self, wire: &mut Wire) -> Result<(), Trouble> {
        wire.out.clear();
        frontend::close(b'S', &self.name, &mut wire.out).map_err(unwritten)?;
        frontend::sync(&mut wire.out);
        wire.exchange(|_, _| ())
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many values it takes.
    pub(super) fn parameters(&self) -> usize {
        self.parameters.len()
    }

    /// Executes it; `visit` sees each row. Returns what it came to.
    #[inline]
    pub(super) fn execute<'v>(
        &mut self,
        wire: &mut Wire,
        values: impl Iterator<Item = EncodedValue<'v>>,
        mut visit: impl FnMut(u64, Row<'_>),
    ) -> Result<Ran, Trouble> {
        wire.out.clear();
        self.write(&mut wire.out, values)?;
        let columns = self.columns.as_slice();
        let mut ran = Ran::default();
        wire.exchange(|tag, body| match tag {
            backend::DATA_ROW_TAG => {
                visit(ran.rows, Row { columns, values: Values::of(body) });
                ran.rows += 1;
            }
            backend::COMMAND_COMPLETE_TAG => ran.changes += changes(body),
            _ => {}
        })?;
        Ok(ran)
    }

    fn write<'v>(
        &mut self,
        out: &mut BytesMut,
        values: impl Iterator<Item = EncodedValue<'v>>,
    ) -> Result<(), Trouble> {
        let begin = out.len();
        let Statement { name, parameters, columns, as_text, .. } = self;
        as_text.clear();
        let bound = frontend::bind(
            "",
            name,
            parameters.iter().map(|form| form.format()),
            parameters.iter().enumerate().zip(values),
            |((place, form), value), out| {
                let (null, text) = form.write(value, out);
                if text {
                    as_text.push(place);
                }
                Ok(null)
            },
            columns.iter().map(|column| column.form.format()),
            out,
        );
        if let Err(error) = bound {
            out.truncate(begin);
            return Err(unwritten(match error {
                frontend::BindError::Serialization(error) => error,
                frontend::BindError::Conversion(error) => std::io::Error::other(error),
            }));
        }
        // Behind the tag, the length, two names that end with zeros, and the number of formats.
        let formats = begin + 1 + 4 + 1 + name.len() + 1 + 2;
        for place in as_text {
            out[formats + 2 * *place..][..2].copy_from_slice(&0i16.to_be_bytes());
        }
        frontend::execute("", 0, out).map_err(unwritten)?;
        frontend::sync(out);
        Ok(())
    }
}

impl<'a> Row<'a> {
    /// All values.
    #[inline]
    pub(super) fn values(self) -> impl Iterator<Item = EncodedValue<'a>> {
        self.columns.iter().zip(self.values).map(|(column, bytes)| column.form.read(bytes))
    }

    /// Finds every value, as a client that uses it would.
    #[inline]
    pub(super) fn touch(self) {
        self.values.for_each(|bytes| {
            std::hint::black_box(bytes);
        });
    }

    /// One value; beyond all columns it is NULL.
    pub(super) fn column(self, column: usize) -> EncodedValue<'a> {
        self.values().nth(column).unwrap_or(EncodedValue::Null)
    }
}

/// The columns of a description: of each its name, and numbers of which the first is a table and the third a type.
fn described(body: &[u8]) -> Vec<Column> {
    let mut rest = body.get(2..).unwrap_or_default();
    let mut columns = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        let name = String::from_utf8_lossy(&rest[..end]).into_owned();
        let Some((numbers, behind)) = rest[end + 1..].split_first_chunk::<18>() else { break };
        let number =
            |at: usize| u32::from_be_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
        columns.push(Column { name, form: Form::of(number(6)), stored: number(0) != 0 });
        rest = behind;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(parameters: Vec<Form>, columns: Vec<Column>) -> Statement {
        Statement { name: "s1".to_owned(), parameters, columns, as_text: Vec::new() }
    }

    #[test]
    fn a_request_binds_executes_and_ends() {
        let column = Column { name: "c".to_owned(), form: Form::Other, stored: false };
        let mut statement = statement(vec![Form::Int4, Form::Text], vec![column]);
        let mut out = BytesMut::new();
        let values = [EncodedValue::Integer(5), EncodedValue::Null];
        statement.write(&mut out, values.into_iter()).unwrap();
        let bind = b"B\0\0\0\x20\0s1\0\0\x02\0\x01\0\x01\0\x02\0\0\0\x04\0\0\0\x05\xff\xff\xff\xff\0\x01\0\0";
        let rest = b"E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04";
        assert_eq!(out.as_ref(), [&bind[..], rest].concat());
    }

    #[test]
    fn a_value_that_does_not_fit_is_announced_as_text() {
        let mut statement = statement(vec![Form::Int2, Form::Int2], Vec::new());
        let mut out = BytesMut::new();
        let values = || [EncodedValue::Integer(1), EncodedValue::Integer(70_000)].into_iter();
        statement.write(&mut out, values()).unwrap();
        assert_eq!(&out[9..15], [0, 2, 0, 1, 0, 0]);
        out.clear();
        statement.write(&mut out, [EncodedValue::Integer(1); 2].into_iter()).unwrap();
        assert_eq!(&out[9..15], [0, 2, 0, 1, 0, 1]);
    }

    #[test]
    fn columns_are_described_by_name_type_and_origin() {
        let column = |name: &str, table: u32, oid: u32| {
            let mut bytes = name.as_bytes().to_vec();
            bytes.push(0);
            bytes.extend_from_slice(&table.to_be_bytes());
            bytes.extend_from_slice(&[0, 1]);
            bytes.extend_from_slice(&oid.to_be_bytes());
            bytes.extend_from_slice(&[0; 8]);
            bytes
        };
        let body = [vec![0, 2], column("id", 77, 20), column("count", 0, 1700)].concat();
        let columns = described(&body);
        assert_eq!(columns[0], Column { name: "id".to_owned(), form: Form::Int8, stored: true });
        assert_eq!(columns[1], Column { name: "count".to_owned(), form: Form::Numeric, stored: false });
        assert_eq!(columns.len(), 2);
    }
}
