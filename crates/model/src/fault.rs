//! Whose fault a refusal is: the one classification every error type maps to (architecture:
//! errors).

/// Whose fault it is that something was refused or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request is wrong: bad payload, bad query, unknown key.
    Caller,
    /// A limit was hit: too large, too many, too slow, disk nearly full. The same request may pass
    /// later.
    Limit,
    /// Ours: a bug, the disk, the network.
    Internal,
}
