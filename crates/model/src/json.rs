//! Writing JSON text: the form `dynamic` values have everywhere below the APIs.

/// Appends `text` as a quoted JSON string.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut start = 0;
    for (i, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[start..i]);
        start = i + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(HEX[usize::from(control >> 4)] as char);
                out.push(HEX[usize::from(control & 15)] as char);
            }
        }
    }
    out.push_str(&text[start..]);
    out.push('"');
}

/// Appends a number: whole values without a fraction up to 2^53, others in shortest round-trip
/// form;
/// NaN and infinities as the strings `"NaN"`, `"Infinity"`, `"-Infinity"` (spec kql.md §8).
pub fn write_real(out: &mut String, value: f64) {
    use std::fmt::Write;
    if value.is_nan() {
        out.push_str("\"NaN\"");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    } else if value == value.trunc() && value.abs() < 9_007_199_254_740_992.0 {
        // Writing to a String cannot fail.
        let _ = write!(out, "{}.0", value as i64);
    } else {
        let _ = write!(out, "{value:?}");
    }
}

/// Appends a number of a bag of measurements as its sender wrote it: whole ones without a point.
pub fn write_number(out: &mut String, value: f64) {
    use std::fmt::Write;
    if value == value.trunc() && value.abs() < 9_007_199_254_740_992.0 {
        // Writing to a String cannot fail.
        let _ = write!(out, "{}", value as i64);
    } else {
        write_real(out, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_and_kept_otherwise() {
        let mut out = String::new();
        write_string(&mut out, "a\"b\\c\n\u{1}é😀");
        assert_eq!(out, "\"a\\\"b\\\\c\\n\\u0001é😀\"");
    }

    #[test]
    fn reals_keep_their_point_and_name_what_json_cannot_write() {
        let text = |v| {
            let mut out = String::new();
            write_real(&mut out, v);
            out
        };
        assert_eq!(text(1.0), "1.0");
        assert_eq!(text(0.1), "0.1");
        assert_eq!(text(f64::NAN), "\"NaN\"");
        assert_eq!(text(f64::NEG_INFINITY), "\"-Infinity\"");
    }

    #[test]
    fn measurements_look_as_they_were_sent() {
        let text = |v| {
            let mut out = String::new();
            write_number(&mut out, v);
            out
        };
        assert_eq!(text(8.0), "8");
        assert_eq!(text(-0.5), "-0.5");
        assert_eq!(text(1e300), "1e300");
    }
}
