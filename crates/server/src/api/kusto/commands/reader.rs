//! Reading a command that changes something: words, names, schemas, properties.
//!
//! Invariant: any text is read or refused with what was expected where; nothing panics.

use model::Type;

use crate::error::Refusal;

/// What is left of a command's text.
pub(super) struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Reader<'a> {
        Reader { rest: text }
    }

    /// What is left, without white space and `//` comments before it.
    pub fn rest(&mut self) -> &'a str {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix("//") {
                Some(comment) => self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest),
                None => return self.rest,
            }
        }
    }

    /// What is left, as it is.
    pub fn raw(&self) -> &'a str {
        self.rest
    }

    pub fn refuse<T>(&mut self, wanted: &str) -> Result<T, Refusal> {
        let found: String = self.rest().chars().take(40).collect();
        let found = match found.is_empty() {
            true => "at its end".to_owned(),
            false => format!("at `{found}`"),
        };
        Err(Refusal::bad_request(format!("the command is wrong {found}: expected {wanted}")))
    }

    /// Takes the word if it comes next, letter case ignored.
    pub fn takes(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let Some(found) = rest.get(..word.len()) else { return false };
        let after = rest[word.len()..].chars().next();
        let is_whole = !after.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let is_next = found.eq_ignore_ascii_case(word) && is_whole;
        if is_next {
            self.rest = &rest[word.len()..];
        }
        is_next
    }

    /// Takes the mark if it comes next.
    pub fn mark(&mut self, mark: &str) -> bool {
        match self.rest().strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub fn expect(&mut self, mark: &str) -> Result<(), Refusal> {
        match self.mark(mark) {
            true => Ok(()),
            false => self.refuse(&format!("`{mark}`")),
        }
    }

    /// The end of the command; a semicolon may stand there.
    pub fn end(&mut self) -> Result<(), Refusal> {
        self.mark(";");
        match self.rest().is_empty() {
            true => Ok(()),
            false => self.refuse("the end of the command"),
        }
    }

    /// `T`, `['my table']`, `["my table"]`.
    pub fn name(&mut self, what: &str) -> Result<String, Refusal> {
        if self.mark("[") {
            let Some(name) = self.text()? else { return self.refuse(what) };
            self.expect("]")?;
            return Ok(name);
        }
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if end == 0 {
            return self.refuse(what);
        }
        self.rest = &rest[end..];
        Ok(rest[..end].to_owned())
    }

    /// `(A, B)`.
    pub fn names(&mut self, what: &str) -> Result<Vec<String>, Refusal> {
        self.expect("(")?;
        let mut names = vec![self.name(what)?];
        while self.mark(",") {
            names.push(self.name(what)?);
        }
        self.expect(")")?;
        Ok(names)
    }

    /// A text in quotes of either kind, `@` before it for one without escapes.
    fn text(&mut self) -> Result<Option<String>, Refusal> {
        let is_verbatim = self.mark("@");
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return Ok(None);
        };
        let mut text = String::new();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote
                    && is_verbatim
                    && chars.peek().is_some_and(|(_, c)| *c == quote) =>
                {
                    chars.next();
                    text.push(quote);
                }
                c if c == quote => {
                    self.rest = &rest[at + 1..];
                    return Ok(Some(text));
                }
                '\\' if !is_verbatim => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, c @ ('\\' | '\'' | '"'))) => text.push(c),
                    _ => return self.refuse("a text without other escapes than `\\n`, `\\\\`"),
                },
                c => text.push(c),
            }
        }
        self.refuse("a text with its closing quote")
    }

    /// `(a:string, ['b c']:long)`.
    pub fn schema(&mut self) -> Result<Vec<(String, Type)>, Refusal> {
        self.expect("(")?;
        let mut columns = Vec::new();
        loop {
            let name = self.name("the name of a column")?;
            self.expect(":")?;
            let word = self.name("the type of the column")?;
            let Some(ty) = Type::from_name(&word.to_ascii_lowercase()) else {
                let word: String = word.chars().take(40).collect();
                let names = Type::ALL.map(Type::name).join("`, `");
                let message = format!("`{word}` is no type: use one of `{names}`");
                return Err(Refusal::bad_request(message));
            };
            columns.push((name, ty));
            if !self.mark(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(columns)
    }

    /// `with (folder='a', docstring="b")`, or nothing; names in lower case.
    pub fn properties(&mut self) -> Result<Vec<(String, String)>, Refusal> {
        let mut properties = Vec::new();
        if !self.takes("with") {
            return Ok(properties);
        }
        self.expect("(")?;
        while !self.mark(")") {
            let name = self.name("the name of a property")?.to_ascii_lowercase();
            self.expect("=")?;
            let value = match self.text()? {
                Some(text) => text,
                None => self.name("the value of the property")?,
            };
            properties.push((name, value));
            if !self.mark(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(properties)
    }
}
