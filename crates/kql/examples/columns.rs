#![allow(warnings)]
use std::io::Read;
struct Tables;
impl kql::catalog::Catalog for Tables {
    fn table(&self, name: &str) -> Option<&'static model::ViewDef> {
        model::tables::view(name)
    }
    fn table_names(&self) -> Vec<&'static str> {
        model::tables::views().iter().map(|v| v.name).collect()
    }
    fn has_app(&self, name: &str) -> bool {
        name == "other"
    }
}
fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    for q in text.split('\0') {
        let o = kql::catalog::BindOptions { now: 1_704_164_645_000_000_000, ..Default::default() };
        let r = std::panic::catch_unwind(|| kql::compile(q, &Tables, &o));
        let line = match r {
            Err(_) => "PANIC".to_owned(),
            Ok(Ok(b)) => match b.statements.last() {
                Some(s) => s
                    .relation
                    .columns
                    .iter()
                    .map(|c| format!("{}:{}", c.name, c.ty))
                    .collect::<Vec<_>>()
                    .join("\x01"),
                None => String::new(),
            },
            Ok(Err(d)) => format!(
                "ERR {}",
                d.iter()
                    .map(|d| format!("{} {}", d.code, d.message))
                    .collect::<Vec<_>>()
                    .join("; ")
            ),
        };
        print!("{}\0", line.replace('\0', ""));
    }
}
