//! When two values count as the same.

/// Cells of a case file: the same text, numbers that differ only by the order of addition, or bags
/// with the same members.
pub fn same_cell(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    if a.starts_with('{') && b.starts_with('{') {
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        return parsed(a).is_some_and(|a| Some(a) == parsed(b));
    }
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => a.contains('.') && close(x, y, 1e-12),
        _ => false,
    }
}

/// Equal up to a relative difference; NaN equals NaN.
pub fn close(a: f64, b: f64, relative: f64) -> bool {
    if a.is_nan() || b.is_nan() {
        return a.is_nan() && b.is_nan();
    }
    if a.is_infinite() || b.is_infinite() {
        return a == b;
    }
    (a - b).abs() <= (relative * a.abs().max(b.abs())).max(1e-12)
}
