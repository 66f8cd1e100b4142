//! Messages of a session, written and read in place on its connection: one system call to send a request, and one for most responses.
//!
//! What the statements are and mean is left to `statement` and `program`.

use std::io;
use std::ops::Range;

use bytes::BytesMut;
use postgres_protocol::message::{backend, frontend};

use super::client::Channel;
use super::codes::{self, Consequence};
use crate::engine::Failure;

/// Bytes that are read at once, at least.
const INPUT_BYTES: usize = 16 << 10;
/// Outside of any transaction, as the server says it.
const IDLE: u8 = b'I';

/// A connection, ready for the next request. Ended orderly when dropped.
pub(super) struct Wire {
    channel: Channel,
    /// The request that is being made.
    pub(super) out: BytesMut,
    input: Input,
    status: u8,
    over: bool,
}

/// Bytes that were received, up to those that were looked at.
#[derive(Debug)]
struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// A request that failed.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    /// The connection is over.
    pub(super) lost: bool,
    /// Nothing of it stands, for certain.
    pub(super) void: bool,
}

/// What the server says of an error.
#[derive(Debug, Default)]
struct Said {
    code: String,
    words: String,
    /// It ends the session.
    ends: bool,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("status", &char::from(self.status)).field("over", &self.over).finish()
    }
}

impl Wire {
    /// On a connection that is idle.
    pub(super) fn new(channel: Channel) -> Wire {
        let input = Input { bytes: vec![0; INPUT_BYTES], start: 0, end: 0 };
        Wire { channel, out: BytesMut::with_capacity(INPUT_BYTES), input, status: IDLE, over: false }
    }

    /// Whether the connection was lost.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Parts with the connection: what the server still does with it is its own affair.
    pub(super) fn give_up(&mut self) {
        self.over = true;
    }

    /// Whether a transaction is open, or failed and to be ended.
    pub(super) fn in_transaction(&self) -> bool {
        self.status != IDLE
    }

    /// Whether the server was asked to give up what it was doing, for the stop of the run.
    pub(super) fn gave_up(&self) -> bool {
        self.channel.gate().gave_up()
    }

    /// Executes statements without parameters; `visit` sees each message of the response.
    pub(super) fn simple(&mut self, sql: &str, visit: impl FnMut(u8, &[u8])) -> Result<(), Trouble> {
        self.out.clear();
        frontend::query(sql, &mut self.out).map_err(unwritten)?;
        self.exchange(visit)
    }

    /// Sends what was written to `out`, and reads the response to its end. `visit` sees each of its messages, by tag and body, but not errors.
    #[inline]
    pub(super) fn exchange(&mut self, mut visit: impl FnMut(u8, &[u8])) -> Result<(), Trouble> {
        if self.over {
            return Err(lost("the connection was lost before", true));
        }
        let sent = self.channel.write_all(&self.out);
        self.out.clear();
        let mut error = None;
        let mut completed = false;
        loop {
            // Where sending failed, the server may have said why before.
            let (tag, body) = match self.input.next(&self.channel) {
                Ok(message) => message,
                Err(unread) => return Err(self.broken(sent.err().unwrap_or(unread), error, completed)),
            };
            let body = &self.input.bytes[body];
            match tag {
                backend::READY_FOR_QUERY_TAG => {
                    self.status = body.first().copied().unwrap_or(IDLE);
                    return error.map_or(Ok(()), |said| Err(refused(&said)));
                }
                backend::ERROR_RESPONSE_TAG => error = Some(said(body)),
                backend::NOTICE_RESPONSE_TAG
                | backend::PARAMETER_STATUS_TAG
                | backend::NOTIFICATION_RESPONSE_TAG => {}
                tag => {
                    completed |= tag == backend::COMMAND_COMPLETE_TAG;
                    visit(tag, body);
                }
            }
        }
    }

    /// The connection ended in the middle of a response.
    #[cold]
    fn broken(&mut self, error: io::Error, said: Option<Said>, completed: bool) -> Trouble {
        self.over = true;
        match said {
            // A session that is told to end before its statement is done undoes it; one whose server crashes cannot tell.
            Some(said) => {
                let void = !completed && said.code != "57P02";
                Trouble { failure: codes::failure(&said.code, &said.words), lost: true, void }
            }
            None => lost(&error.to_string(), false),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if !self.over {
            self.out.clear();
            frontend::terminate(&mut self.out);
            // A connection that is gone already is as good.
            let _ = self.channel.write_all(&self.out);
        }
    }
}

impl Input {
    /// The next whole message: its tag, and where its body lies.
    #[inline]
    fn next(&mut self, channel: &Channel) -> io::Result<(u8, Range<usize>)> {
        loop {
            let mut wanted = 5;
            if let Some(header) = backend::Header::parse(&self.bytes[self.start..self.end])? {
                wanted = header.len() as usize + 1;
                let end = self.start + wanted;
                if end <= self.end {
                    let body = self.start + 5..end;
                    self.start = end;
                    return Ok((header.tag(), body));
                }
            }
            self.make_room(wanted);
            let read = channel.read(&mut self.bytes[self.end..])?;
            if read == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
            self.end += read;
        }
    }

    /// For a message of so many bytes, of which some may be there.
    fn make_room(&mut self, wanted: usize) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.bytes.len() - self.start < wanted.max(self.end - self.start + 1) {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted.max(2 * self.bytes.len()), 0);
        }
    }
}

fn lost(words: &str, void: bool) -> Trouble {
    Trouble { failure: codes::failure(codes::CONNECTION_LOST, words), lost: true, void }
}

/// The session goes on, unless the server says that it ends.
#[cold]
fn refused(said: &Said) -> Trouble {
    Trouble { failure: codes::failure(&said.code, &said.words), lost: said.ends, void: true }
}

/// A request that is too large for the protocol.
#[cold]
pub(super) fn unwritten(error: io::Error) -> Trouble {
    Trouble { failure: codes::failure("54000", &error.to_string()), lost: false, void: true }
}

impl Trouble {
    /// What follows from its code, where the connection stands.
    pub(super) fn consequence(&self) -> Consequence {
        codes::consequence(self.failure.code)
    }
}

/// Fields of an error: each a letter and a text that ends with a zero.
#[cold]
fn said(mut body: &[u8]) -> Said {
    let mut said = Said::default();
    let (mut detail, mut hint) = (String::new(), String::new());
    while let Some((&field, rest)) = body.split_first().filter(|(field, _)| **field != 0) {
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
        let text = String::from_utf8_lossy(&rest[..end]);
        match field {
            b'V' => said.ends = text == "FATAL" || text == "PANIC",
            b'C' => said.code = text.into_owned(),
            b'M' => said.words = text.into_owned(),
            b'D' => detail = format!(": {text}"),
            b'H' => hint = format!(" ({text})"),
            _ => {}
        }
        body = rest.get(end + 1..).unwrap_or_default();
    }
    said.words.push_str(&detail);
    said.words.push_str(&hint);
    said
}

/// Rows that a finished command changed: of `INSERT 0 5`, 5.
pub(super) fn changes(tag: &[u8]) -> u64 {
    let tag = tag.split(|byte| *byte == 0).next().unwrap_or_default();
    let counts = [&b"INSERT "[..], b"UPDATE ", b"DELETE ", b"MERGE ", b"COPY "];
    if !counts.iter().any(|word| tag.starts_with(word)) {
        return 0;
    }
    let digits = tag.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    digits
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

/// The values of a row, by column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    /// Of the body of a row's message.
    pub(super) fn of(body: &'a [u8]) -> Values<'a> {
        Values { rest: body.get(2..).unwrap_or_default() }
    }
}

impl<'a> Iterator for Values<'a> {
    /// Absent for NULL.
    type Item = Option<&'a [u8]>;

    #[inline]
    fn next(&mut self) -> Option<Option<&'a [u8]>> {
        let (length, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { return Some(None) };
        let (value, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_changed_stand_at_the_end_of_a_tag() {
        assert_eq!(changes(b"INSERT 0 5\0"), 5);
        assert_eq!(changes(b"UPDATE 120\0"), 120);
        assert_eq!(changes(b"DELETE 0\0"), 0);
        assert_eq!(changes(b"SELECT 7\0"), 0);
        assert_eq!(changes(b"CREATE TABLE\0"), 0);
        assert_eq!(changes(b""), 0);
    }

    #[test]
    fn the_fields_of_an_error_are_read() {
        let body =
            b"SFEHLER\0VERROR\0C23505\0Mduplicate key\0DKey (id)=(1) already exists.\0R_bt_check_unique\0\0";
        let said = said(body);
        assert_eq!((said.code.as_str(), said.ends), ("23505", false));
        assert_eq!(said.words, "duplicate key: Key (id)=(1) already exists.");
        assert!(super::said(b"VFATAL\0C57P01\0Mgone\0\0").ends);
        assert_eq!(super::said(b"").code, "");
    }

    #[test]
    fn the_values_of_a_row_are_walked_and_a_short_one_ends_it() {
        let body = [0, 3, 0, 0, 0, 2, b'a', b'b', 255, 255, 255, 255, 0, 0, 0, 0];
        let values: Vec<_> = Values::of(&body).collect();
        assert_eq!(values, [Some(&b"ab"[..]), None, Some(&b""[..])]);
        assert_eq!(Values::of(&body[..7]).count(), 0);
    }

    #[test]
    fn room_is_made_without_losing_what_was_received() {
        let mut input = Input { bytes: b"..abc".to_vec(), start: 2, end: 5 };
        input.make_room(9);
        assert_eq!((&input.bytes[input.start..input.end], input.start), (&b"abc"[..], 0));
        assert!(input.bytes.len() >= 9);
        input.start = input.end;
        input.make_room(5);
        assert_eq!((input.start, input.end), (0, 0));
    }
}
