//! Errors of PowerShell in its two views: the normal one of Windows PowerShell, and the concise
//! one of PowerShell 7.

pub mod concise;
pub mod normal;
