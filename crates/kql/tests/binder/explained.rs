//! Bound queries as text: which conversions, literals and operators the binder writes.

use super::compile;

/// The expression of `print x = …` over typed columns, bound.
fn bound(expression: &str) -> String {
    let text = format!(
        "datatable(i:int, l:long, r:real, s:string, d:dynamic, t:datetime, b:bool)[] \
         | project x = {expression}"
    );
    let query = compile(&text).unwrap_or_else(|f| panic!("{}", f[0].render(&text)));
    let printed = query.to_string();
    let line = printed.lines().next().unwrap();
    let (_, rest) = line.split_once(" = ").unwrap_or((line, line));
    rest.split("  -> ").next().unwrap().to_owned()
}

#[test]
fn implicit_conversions_are_calls_and_literals_stay_literals() {
    let cases = [
        // Columns are #1 int, #2 long, #3 real, #4 string, #5 dynamic, #6 datetime, #7 bool.
        ("i == 5", "(#1 == int(5))"),
        ("i == 5000000000", "(tolong(#1) == 5000000000)"),
        ("i > 1.5", "(toreal(#1) > 1.5)"),
        ("i + 1", "(tolong(#1) + 1)"),
        ("i + r", "(toreal(#1) + #3)"),
        ("l / 2.0", "(toreal(#2) / 2.0)"),
        ("-(5)", "-5"),
        ("s == 500", "(tolong(#4) == 500)"),
        ("s == false", "(tobool(#4) == false)"),
        ("s != 1.5", "(toreal(#4) != 1.5)"),
        ("s == 1", "(coalesce(tolong(#4), tolong(tobool(#4))) == 1)"),
        ("t == '2024-01-01'", "(#6 == datetime(2024-01-01T00:00:00Z))"),
        ("d.a == 'x'", "(tostring(#5[\"a\"]) == \"x\")"),
        ("d.a > 5", "(toreal(#5[\"a\"]) > 5.0)"),
        ("d.a == true", "(tobool(#5[\"a\"]) == true)"),
        ("d.a has 'x'", "(tostring(#5[\"a\"]) has \"x\")"),
        ("d.a.b[0]", "#5[\"a\"][\"b\"][0]"),
        ("d[s]", "#5[#4]"),
        ("d.a + 1", "(tolong(#5[\"a\"]) + 1)"),
        ("d.a + 1.0", "(toreal(#5[\"a\"]) + 1.0)"),
        ("d.a and b", "(tobool(#5[\"a\"]) and #7)"),
        ("strcat(i, s, t)", "strcat(tostring(#1), #4, tostring(#6))"),
        ("iff(b, i, r)", "iff(#7, toreal(#1), #3)"),
        ("bin(t, 1h)", "bin(#6, timespan(01:00:00))"),
        ("bin(i, 5)", "bin(tolong(#1), 5)"),
        (
            "t between (ago(1d) .. 1h)",
            "between(#6, datetime(2024-01-01T03:04:05Z), \
          datetime(2024-01-01T04:04:05Z))",
        ),
        ("i in (1, 2)", "in(#1, int(1), int(2))"),
        ("i in (1, 2.5)", "((#1 in int(1)) or (toreal(#1) in 2.5))"),
        ("s in ('a', 'b')", "in(#4, \"a\", \"b\")"),
        ("s !in (500, 'x')", "((tolong(#4) !in 500) and (#4 !in \"x\"))"),
        ("replace('a', 'b', s)", "replace_regex(#4, \"a\", \"b\")"),
        ("extract('x', 1, s, typeof(long))", "tolong(extract(\"x\", 1, #4))"),
        ("tostring(s)", "#4"),
        ("parse_json(d)", "#5"),
        ("todatetime('2024-01-01')", "datetime(2024-01-01T00:00:00Z)"),
        ("h'secret'", "h\"…\""),
        ("toscalar(range x from 1 to 3 step 1)", "toscalar(project #8 <- range 1 to 3 step 1)"),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(text, expected)| bound(text) != *expected)
        .map(|(text, expected)| {
            format!("{text}\n  expected {expected}\n  got      {}", bound(text))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_query_prints_as_a_tree_with_its_columns() {
    let text = "let T = datatable(a:long, b:string)[1, 'x'];\n\
                T | where a > 1 | join kind=inner (T | project a, c = strlen(b)) on a\n\
                | summarize n = count(), m = round(avg(c), 1) by b | top 3 by n | render table";
    let expected = "\
render table
  take 3  -> b#8:string, n#11:long, m#12:real
    sort #11 desc nulls last  -> b#8:string, n#11:long, m#12:real
      project #8, #11 = #9, #12 = round(#10, 1)  -> b#8:string, n#11:long, m#12:real
        summarize #9 = count(), #10 = avg(#7) by #8 = #4  -> b#8:string, \
aggregate_0#9:long, aggregate_1#10:real
          join Inner on #3 == #5  -> a#3:long, b#4:string, a1#5:long, c#7:long
            where (#3 > 1)  -> a#3:long, b#4:string
              values 1 rows  -> a#3:long, b#4:string
            project #5, #7 = strlen(#6)  -> a#5:long, c#7:long
              values 1 rows  -> a#5:long, b#6:string
";
    assert_eq!(compile(text).unwrap().to_string(), expected);
}

#[test]
fn sorting_is_descending_with_nulls_smallest_unless_told_otherwise() {
    let text = "datatable(a:long)[] | sort by a, a asc, a asc nulls last, a desc nulls first";
    let printed = compile(text).unwrap().to_string();
    assert!(
        printed.starts_with(
            "sort #1 desc nulls last, #1 asc nulls first, #1 asc nulls last, #1 desc nulls first"
        ),
        "{printed}"
    );
}

#[test]
fn a_let_table_used_twice_has_columns_of_its_own_each_time() {
    let text = "let T = datatable(a:long)[]; T | union T";
    let printed = compile(text).unwrap().to_string();
    assert!(printed.starts_with("union [#2] [#3]"), "{printed}");
}
