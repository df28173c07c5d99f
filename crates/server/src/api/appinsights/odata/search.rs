//! `$search`: words and phrases joined by `AND`, `OR` and `NOT`, looked for in every column.

use super::{CHARS_MAX, DEPTH_MAX, Fault};
use crate::kql_text;

/// Most words and phrases.
const TERMS_MAX: usize = 32;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Term(String),
    And,
    Or,
    Not,
    Open,
    Close,
}

/// The KQL predicate of a `$search`. Words side by side must all be there.
///
/// # Errors
/// When the text is no search expression.
pub fn search(text: &str) -> Result<String, Fault> {
    let mut reader = Reader { tokens: tokens(text)?, next: 0, depth: 0 };
    let found = reader.any()?;
    match reader.tokens.get(reader.next) {
        None => Ok(found),
        Some((at, _)) => Err(Fault::new(*at, "`)` closes nothing")),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Fault> {
    let chars: Vec<char> = text.chars().take(CHARS_MAX + 1).collect();
    if chars.len() > CHARS_MAX {
        let message = format!("the text is longer than {CHARS_MAX} characters");
        return Err(Fault::new(CHARS_MAX + 1, message));
    }
    let mut tokens = Vec::new();
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        let at = i + 1;
        i += 1;
        let token = match c {
            c if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '"' => {
                let Some(length) = chars[i..].iter().position(|c| *c == '"') else {
                    return Err(Fault::new(at, "the phrase has no closing quote"));
                };
                let phrase = chars[i..i + length].iter().collect();
                i += length + 1;
                Token::Term(phrase)
            }
            _ => {
                let is_end = |c: &char| c.is_whitespace() || "()\"".contains(*c);
                let length = chars[i..].iter().position(is_end).unwrap_or(chars.len() - i);
                let word: String = chars[i - 1..i + length].iter().collect();
                i += length;
                match word.as_str() {
                    "AND" => Token::And,
                    "OR" => Token::Or,
                    "NOT" => Token::Not,
                    _ => Token::Term(word),
                }
            }
        };
        tokens.push((at, token));
    }
    let terms = tokens.iter().filter(|(_, token)| matches!(token, Token::Term(_))).count();
    if terms > TERMS_MAX {
        let message = format!("{terms} words are looked for, but {TERMS_MAX} may be");
        return Err(Fault::new(1, message));
    }
    Ok(tokens)
}

struct Reader {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == Some(token);
        self.next += usize::from(is_next);
        is_next
    }

    fn at(&self) -> usize {
        match self.tokens.get(self.next) {
            Some((at, _)) => *at,
            None => self.tokens.last().map_or(1, |(at, _)| at + 1),
        }
    }

    fn any(&mut self) -> Result<String, Fault> {
        let mut operands = vec![self.all()?];
        while self.takes(&Token::Or) {
            operands.push(self.all()?);
        }
        Ok(join(operands, " or "))
    }

    fn all(&mut self) -> Result<String, Fault> {
        let mut operands = vec![self.one()?];
        while self.takes(&Token::And)
            || matches!(self.peek(), Some(Token::Term(_) | Token::Not | Token::Open))
        {
            operands.push(self.one()?);
        }
        Ok(join(operands, " and "))
    }

    fn one(&mut self) -> Result<String, Fault> {
        let at = self.at();
        if self.depth == DEPTH_MAX {
            let message = format!("expressions may be nested {DEPTH_MAX} deep");
            return Err(Fault::new(at, message));
        }
        self.depth += 1;
        let found = match self.peek().cloned() {
            Some(Token::Term(term)) => {
                self.next += 1;
                format!("(* has {})", kql_text::literal(&term))
            }
            Some(Token::Not) => {
                self.next += 1;
                format!("not({})", self.one()?)
            }
            Some(Token::Open) => {
                self.next += 1;
                let inner = self.any()?;
                if !self.takes(&Token::Close) {
                    return Err(Fault::new(at, "`(` is not closed"));
                }
                inner
            }
            _ => return Err(Fault::new(at, "a word to look for is missing")),
        };
        self.depth -= 1;
        Ok(found)
    }
}

fn join(mut operands: Vec<String>, word: &str) -> String {
    match operands.len() {
        1 => operands.remove(0),
        _ => format!("({})", operands.join(word)),
    }
}
