//! Exceptions of the demonstration: types, messages and stacks of .NET and of Node.

use serde_json::{Value, json};

use super::dice::Dice;
use super::envelope::Item;

/// An exception as it is thrown in one place.
struct Thrown {
    ty: &'static str,
    message: &'static str,
    /// The exception that caused it.
    inner: Option<(&'static str, &'static str)>,
    /// Method, assembly, file and line, innermost first.
    frames: &'static [(&'static str, &'static str, &'static str, u32)],
}

const DOTNET: [Thrown; 4] = [
    Thrown {
        ty: "System.Net.Http.HttpRequestException",
        message: "Response status code does not indicate success: 503 (Service Unavailable).",
        inner: Some((
            "System.Net.Sockets.SocketException",
            "The connection was refused by the other side.",
        )),
        frames: &[
            (
                "System.Net.Http.HttpResponseMessage.EnsureSuccessStatusCode",
                "System.Net.Http, Version=9.0.0.0",
                "",
                0,
            ),
            ("ExTasks.Feeds.FeedClient.GetIndexAsync", "ExTasks.Feeds", "/_/src/FeedClient.cs", 88),
            ("ExTasks.Publish.Program.RunAsync", "ExTasks.Publish", "/_/src/Program.cs", 41),
        ],
    },
    Thrown {
        ty: "System.TimeoutException",
        message: "The time stamp server did not answer within 30 s.",
        inner: None,
        frames: &[
            ("ExTasks.Signing.Stamp.WaitAsync", "ExTasks.Signing", "/_/src/Stamp.cs", 57),
            ("ExTasks.Signing.Signer.SignAllAsync", "ExTasks.Signing", "/_/src/Signer.cs", 133),
        ],
    },
    Thrown {
        ty: "System.IO.FileNotFoundException",
        message: "Could not find file 'out/packages/manifest.json'.",
        inner: None,
        frames: &[
            ("System.IO.File.OpenRead", "System.Private.CoreLib, Version=9.0.0.0", "", 0),
            ("ExTasks.Publish.Manifest.Load", "ExTasks.Publish", "/_/src/Manifest.cs", 24),
        ],
    },
    Thrown {
        ty: "System.InvalidOperationException",
        message: "The version is in the feed already and differs from this one.",
        inner: None,
        frames: &[
            ("ExTasks.Publish.Conflict.Check", "ExTasks.Publish", "/_/src/Conflict.cs", 19),
            ("ExTasks.Publish.Program.RunAsync", "ExTasks.Publish", "/_/src/Program.cs", 63),
        ],
    },
];

const NODE: [Thrown; 3] = [
    Thrown {
        ty: "TypeError",
        message: "Cannot read properties of undefined (reading 'version')",
        inner: None,
        frames: &[
            ("resolve", "", "/task/restore/lib/resolve.js", 42),
            ("async run", "", "/task/restore/index.js", 18),
        ],
    },
    Thrown {
        ty: "Error",
        message: "connect ECONNREFUSED 192.0.2.17:443",
        inner: None,
        frames: &[
            ("TCPConnectWrap.afterConnect [as oncomplete]", "", "node:net", 1607),
            ("async get", "", "/task/restore/lib/feed.js", 31),
        ],
    },
    Thrown {
        ty: "RangeError",
        message: "Invalid array length",
        inner: None,
        frames: &[
            ("plan", "", "/task/deploy/lib/plan.js", 77),
            ("async main", "", "/task/deploy/index.js", 9),
        ],
    },
];

/// An exception of .NET.
pub fn dotnet(dice: Dice, time: i64, severity: u8) -> Item {
    let thrown = dice.of("thrown", 0).pick(&DOTNET);
    let frames: Vec<Value> = thrown
        .frames
        .iter()
        .enumerate()
        .map(|(level, (method, assembly, file, line))| {
            json!({ "level": level, "method": method, "assembly": assembly, "fileName": file,
                "line": line })
        })
        .collect();
    let mut chain = vec![json!({
        "id": 1, "outerId": 0, "typeName": thrown.ty, "message": thrown.message,
        "hasFullStack": true, "parsedStack": frames,
    })];
    if let Some((ty, message)) = thrown.inner {
        chain.push(json!({
            "id": 2, "outerId": 1, "typeName": ty, "message": message, "hasFullStack": true,
            "parsedStack": [],
        }));
    }
    Item::new(time, "ExceptionData", json!({ "exceptions": chain, "severityLevel": severity }))
}

/// An exception of Node, whose client sends the lines of the stack as assemblies.
pub fn node(dice: Dice, time: i64, severity: u8) -> Item {
    let Thrown { ty, message, frames, .. } = dice.of("thrown", 0).pick(&NODE);
    let line = |(method, _, file, line): &(&str, &str, &str, u32)| {
        format!("    at {method} ({file}:{line}:9)")
    };
    let lines: Vec<String> = frames.iter().map(line).collect();
    let parsed = frames.iter().zip(&lines).enumerate();
    let parsed: Vec<Value> = parsed
        .map(|(level, ((method, _, file, line), text))| {
            json!({ "level": level, "method": method, "assembly": text.trim(), "fileName": file,
                "line": line })
        })
        .collect();
    let chain = json!([{
        "id": 1, "outerId": 0, "typeName": ty, "message": message, "hasFullStack": true,
        "stack": format!("{ty}: {message}\n{}", lines.join("\n")), "parsedStack": parsed,
    }]);
    Item::new(time, "ExceptionData", json!({ "exceptions": chain, "severityLevel": severity }))
}
