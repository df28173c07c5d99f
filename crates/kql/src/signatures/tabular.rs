//! Every tabular operator: its form, what it does, the rules people trip over.
//!
//! For the reference and the editor; the parser's own table says how an operator is read, and a
//! test keeps the two lists the same.

/// One tabular operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabularOperator {
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    /// The form: words in capitals are what the writer puts in, brackets mark what may be left out.
    pub syntax: &'static str,
    pub summary: &'static str,
    /// One sentence each.
    pub rules: &'static [&'static str],
}

const fn operator(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    rules: &'static [&'static str],
) -> TabularOperator {
    TabularOperator { name, aliases: &[], syntax, summary, rules }
}

impl TabularOperator {
    const fn also(mut self, aliases: &'static [&'static str]) -> TabularOperator {
        self.aliases = aliases;
        self
    }
}

/// All tabular operators that are answered, in the order of their names.
pub fn tabular_operators() -> &'static [TabularOperator] {
    OPERATORS
}

static OPERATORS: &[TabularOperator] = &[
    operator(
        "as",
        "T | as NAME",
        "Names the table so far, for a later `union` or `join` in the same statement.",
        &[],
    ),
    operator(
        "count",
        "T | count [as NAME]",
        "Counts the rows.",
        &["The answer is one row with the column `Count`, also when there are no rows."],
    ),
    operator(
        "distinct",
        "T | distinct COLUMN [, …]   or   T | distinct *",
        "Keeps one row of each combination of values.",
        &["A dynamic column is refused: convert it, for example with `tostring()`."],
    ),
    operator(
        "evaluate",
        "T | evaluate PLUGIN(ARGUMENTS) [: (COLUMN:TYPE, …)]",
        "Runs a plugin: columns from a bag, a pivot, patterns.",
        &[
            "Columns that depend on the data are looked up first; the schema clause saves that.",
            "The number of columns a plugin may make is limited, and the limit is told when it is \
             met.",
        ],
    ),
    operator(
        "extend",
        "T | extend [NAME =] EXPRESSION [, …]",
        "Adds computed columns.",
        &[
            "A column that exists is replaced in its place; a new one goes to the end.",
            "All expressions see the columns as they were before the operator.",
            "Several results of one function are named in parentheses: `extend (a, b) = f(x)`.",
        ],
    ),
    operator(
        "find",
        "find [in (TABLES)] where PREDICATE [project COLUMNS [, pack(*)]]",
        "Rows of many tables for which a predicate holds.",
        &["The answer has the table's name in `source_`, the columns that the predicate or \
             `project` names, and the rest as a bag in `pack_`."],
    ),
    operator("getschema", "T | getschema", "The columns of the table, one row each.", &[]),
    operator(
        "invoke",
        "T | invoke FUNCTION(ARGUMENTS)",
        "Calls a user function with the table as its first argument.",
        &[],
    ),
    operator(
        "join",
        "T | join [kind=KIND] (RIGHT) on KEY [, …]",
        "Puts rows of two tables side by side where their keys are equal.",
        &[
            "Without `kind` the left rows are first reduced to one per key (`innerunique`); say \
             `kind=inner` for every pair.",
            "A key is a column of both sides, or `$left.a == $right.b`.",
            "Null keys match null keys.",
            "All left columns come first, then all right columns, the key too; a name that is \
             taken gets `1`, `2`, ….",
            "Where one side has no row its texts are `''` and its other values null.",
        ],
    ),
    operator(
        "lookup",
        "T | lookup [kind=leftouter|inner] (RIGHT) on KEY [, …]",
        "Adds the columns of a small table by key.",
        &["The right key columns are left out.", "The default kind is `leftouter`."],
    ),
    operator(
        "make-series",
        "T | make-series [kind=nonempty] [NAME =] AGGREGATE [default = VALUE] [, …] \
         on AXIS [from START] [to END] step STEP [by KEY [, …]]",
        "Aggregates per bin of an axis, as one array per key: values, and where their bins start.",
        &[
            "`from` is the start of the first bin, `to` is not included; `in range(START, END, STEP)` \
             counts bins as `bin()` does and includes the last one.",
            "Without `from` or `to` each row goes from or to the last of its own bins that has rows.",
            "A bin without rows holds the default, 0 unless said; `default = null` leaves a gap for \
             `series_fill_linear()` and its kin.",
            "An array has at most 1,048,576 elements.",
        ],
    ),
    operator(
        "mv-apply",
        "T | mv-apply [NAME =] ARRAY [to typeof(TYPE)] [, …] [limit N] on (SUBQUERY)",
        "Runs a sub-query over the elements of each row's array.",
        &[
            "A row whose array is empty gives no rows.",
            "Columns of the row that the sub-query does not yield are kept.",
            "Elements come in their order: `make_list()` and window functions see it.",
        ],
    )
    .also(&["mvapply"]),
    operator(
        "mv-expand",
        "T | mv-expand [kind=bag|array] [with_itemindex=NAME] [NAME =] ARRAY \
         [to typeof(TYPE)] [, …] [limit N]",
        "One row for each element of an array or property of a bag.",
        &[
            "Several arrays are expanded side by side; shorter ones are filled with null.",
            "A row whose arrays are all empty is dropped; null counts as one element.",
            "`NAME = ARRAY` keeps the source column; without a name it is replaced.",
            "`to typeof(…)` converts numbers and bools, it does not read texts: `\"2\"` as long is \
             null.",
            "The old spelling `mvexpand` makes at most 128 rows of one, as it does at the vendor's.",
        ],
    )
    .also(&["mvexpand"]),
    operator(
        "parse",
        "T | parse [kind=simple|regex|relaxed [flags=FLAGS]] TEXT with [*] LITERAL NAME[:TYPE] …",
        "Cuts columns out of a text by a pattern.",
        &[
            "A text that does not match gives `''` and null.",
            "In `simple` one value that cannot be converted empties all columns of the row; in \
             `relaxed` only its own.",
        ],
    ),
    operator(
        "parse-kv",
        "T | parse-kv TEXT as (NAME:TYPE, …) with (pair_delimiter=…, kv_delimiter=…, quote=…)",
        "Columns out of a text of keys and values.",
        &[],
    ),
    operator(
        "parse-where",
        "T | parse-where [kind=…] TEXT with [*] LITERAL NAME[:TYPE] …",
        "As `parse`, without the rows that do not match.",
        &[],
    ),
    operator(
        "partition",
        "T | partition [hint.strategy=…] by COLUMN (SUBQUERY)",
        "Runs a sub-query over the rows of each value of a column.",
        &[
            "A part that the sub-query filters away still counts for a `summarize` without `by`.",
            "The hints change nothing.",
            "The form with braces, `partition by c { T | … }`, is refused.",
        ],
    ),
    operator(
        "print",
        "print [NAME =] EXPRESSION [, …]",
        "One row of values.",
        &["A value without a name is called `print_0`, `print_1`, … by its position."],
    ),
    operator(
        "project",
        "T | project [NAME =] EXPRESSION [, …]",
        "Keeps, renames, computes and orders columns.",
        &["Nothing else is kept."],
    ),
    operator("project-away", "T | project-away COLUMN|PREFIX* [, …]", "Drops columns.", &[]),
    operator(
        "project-by-names",
        "T | project-by-names NAME|PATTERN|ARRAY [, …]",
        "Keeps columns by names that are values.",
        &["Names without a column are passed over.", "The order is that of the names."],
    ),
    operator(
        "project-keep",
        "T | project-keep COLUMN|PREFIX* [, …]",
        "Keeps columns.",
        &["The columns stay in the order of the table."],
    ),
    operator("project-rename", "T | project-rename NEW = OLD [, …]", "Renames columns.", &[]),
    operator(
        "project-reorder",
        "T | project-reorder COLUMN|PREFIX* [asc|desc|granny-asc|granny-desc] [, …]",
        "Moves columns to the front.",
        &[],
    ),
    operator(
        "range",
        "range NAME from START to END step STEP",
        "A table of equally spaced values.",
        &["The end is included.", "A negative step counts down."],
    ),
    operator(
        "render",
        "T | render KIND [with (PROPERTY = VALUE, …)]",
        "Says how the answer is to be drawn.",
        &["It must be the last operator and changes no rows."],
    ),
    operator("sample", "T | sample N", "Any N rows, at random.", &[]),
    operator(
        "sample-distinct",
        "T | sample-distinct N of COLUMN",
        "Any N different values of a column.",
        &[],
    ),
    operator(
        "scan",
        "T | scan [with_match_id=NAME] [declare (NAME:TYPE = VALUE, …)] with (step NAME \
         [output=all|last|none]: CONDITION [=> NAME = VALUE, …]; …)",
        "Steps through rows in order with a state, to find sequences.",
        &["The rows must be in an order: after `sort`, `serialize` and the like."],
    ),
    operator(
        "search",
        "search [kind=case_sensitive] [in (TABLES)] PREDICATE",
        "Rows of many tables that hold a term.",
        &[
            "A text alone looks for the term in every column; `COLUMN:\"x\"` in one.",
            "`\"te*\"` looks for terms that start so, `\"*rm\"` for those that end so, `\"*er*\"` \
             anywhere.",
            "A number alone is looked for as it is written, in texts.",
            "The name of the table is in the column `$table`.",
        ],
    ),
    operator(
        "serialize",
        "T | serialize [NAME = EXPRESSION [, …]]",
        "Fixes the order of the rows, so that window functions may be used.",
        &[],
    ),
    operator(
        "sort",
        "T | sort by EXPRESSION [asc|desc] [nulls first|last] [, …]",
        "Orders the rows.",
        &[
            "The default is descending.",
            "Nulls count as smallest: first in ascending order, last in descending.",
            "Texts are compared by code point.",
        ],
    )
    .also(&["order"]),
    operator(
        "summarize",
        "T | summarize [[NAME =] AGGREGATE [, …]] [by [NAME =] EXPRESSION [, …]]",
        "One row for each combination of keys, with aggregates.",
        &[
            "Keys come first, then aggregates.",
            "Null keys form a group of their own.",
            "Without `by` there is one row, also when there are no rows to aggregate.",
            "`bin()` makes no rows for empty bins; `make-series` does.",
        ],
    ),
    operator("take", "T | take N", "Any N rows; the first N of an order.", &[]).also(&["limit"]),
    operator(
        "top",
        "T | top N by EXPRESSION [asc|desc] [nulls first|last]",
        "The first N rows of an order.",
        &["The default is descending."],
    ),
    operator(
        "top-hitters",
        "T | top-hitters N of COLUMN [by EXPRESSION]",
        "The most frequent values of a column, or those with the largest sum.",
        &["The answer is exact, although its columns are called `approximate_…`."],
    ),
    operator(
        "top-nested",
        "T | top-nested [N] of COLUMN [with others = NAME] by AGGREGATE [, top-nested …]",
        "The top values of a column, and of further columns within each of them.",
        &[
            "Each level yields two columns: the value, and `aggregated_COLUMN`.",
            "Without `N` all values are kept.",
            "`with others` adds a row of everything beside the top; levels without a label are \
             empty in it.",
        ],
    ),
    operator(
        "union",
        "[T |] union [kind=inner|outer] [withsource=NAME] [isfuzzy=true] TABLE [, …]",
        "The rows of several tables one after the other.",
        &[
            "Columns are matched by name; a name with different types becomes `name_type` for \
             each type.",
            "`isfuzzy=true` leaves out tables that do not exist.",
        ],
    ),
    operator(
        "where",
        "T | where PREDICATE",
        "Keeps the rows for which a predicate is true.",
        &["A predicate that is null drops the row."],
    )
    .also(&["filter"]),
];
