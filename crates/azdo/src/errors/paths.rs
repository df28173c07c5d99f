//! Where a file lies in its repository: tools print paths relative to somewhere, services want
//! them relative to the root of the repository (spec azure-devops.md §6.5.4).

/// The folders that paths are told from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// Absolute; where the step runs.
    pub working: String,
    /// Absolute; empty when there is no repository.
    pub repository: String,
}

impl Folders {
    /// The path relative to the repository with `/` between its parts when it lies inside, else
    /// absolute. `from_path` is a file whose folder relative paths begin at.
    pub fn place(&self, path: &str, from_path: Option<&str>) -> String {
        let base = match from_path.map(|from| self.absolute(from, &self.working)) {
            Some(from) => parent(&from).to_owned(),
            None => self.working.clone(),
        };
        let path = self.absolute(path, &base);
        let root = normal(&self.repository);
        if root.is_empty() {
            return path;
        }
        let is_windows = is_drive(&path);
        let same = |a: &str, b: &str| match is_windows {
            true => a.eq_ignore_ascii_case(b),
            false => a == b,
        };
        let root = root.trim_end_matches('/');
        match path.split_at_checked(root.len()) {
            Some((head, tail)) if same(head, root) && tail.starts_with('/') => {
                tail.trim_start_matches('/').to_owned()
            }
            _ => path,
        }
    }

    fn absolute(&self, path: &str, base: &str) -> String {
        // Every path with a protocol or of the other system stays what it is.
        let path = path.trim().trim_matches('"');
        if path.contains("://") {
            return path.to_owned();
        }
        if path.starts_with(['/', '\\']) || is_drive(path) || base.is_empty() {
            return normal(path);
        }
        normal(&format!("{base}/{path}"))
    }
}

fn is_drive(path: &str) -> bool {
    let mut chars = path.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.next() == Some(':')
        && chars.next().is_none_or(|c| c == '/' || c == '\\')
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// With `/` between parts and without `.` and `..`.
fn normal(path: &str) -> String {
    let path = path.replace('\\', "/");
    let is_absolute = path.starts_with('/');
    let is_share = path.starts_with("//");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != ".." && !is_drive(last)) => {
                parts.pop();
            }
            ".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    let lead = if is_share {
        "//"
    } else if is_absolute {
        "/"
    } else {
        ""
    };
    format!("{lead}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_inside_the_repository_are_relative_to_it() {
        let folders = Folders { working: "/w/repo/src".into(), repository: "/w/repo/".into() };
        for (path, want) in [
            ("a.c", "src/a.c"),
            ("./x/../a.c", "src/a.c"),
            ("../docs/b.md", "docs/b.md"),
            ("/w/repo/c", "c"),
            ("/w/repository/c", "/w/repository/c"),
            ("../../other/d", "/w/other/d"),
            ("/usr/include/stdio.h", "/usr/include/stdio.h"),
            ("C:\\w\\b.ps1", "C:/w/b.ps1"),
            ("sub\\e.cs", "src/sub/e.cs"),
            ("https://host/x.js", "https://host/x.js"),
        ] {
            assert_eq!(folders.place(path, None), want, "{path}");
        }
        assert_eq!(folders.place("P.cs", Some("app/app.csproj")), "src/app/P.cs");
        assert_eq!(folders.place("P.cs", Some("/w/repo/lib/l.csproj")), "lib/P.cs");
    }

    #[test]
    fn drives_compare_without_letter_case() {
        let folders = Folders { working: "D:\\a\\1\\s".into(), repository: "D:\\a\\1\\s".into() };
        assert_eq!(folders.place("src\\a.cs", None), "src/a.cs");
        assert_eq!(folders.place("d:\\A\\1\\s\\b.cs", None), "b.cs");
        assert_eq!(folders.place("\\\\share\\x\\b.cs", None), "//share/x/b.cs");
    }

    #[test]
    fn without_a_repository_paths_are_absolute() {
        let folders = Folders { working: "/w".into(), repository: String::new() };
        assert_eq!(folders.place("a.c", None), "/w/a.c");
    }
}
