//! A headless Chromium, spoken to in its DevTools protocol over a pipe: no port is opened, and no library is needed.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Once;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Where the browser is, if not under one of its usual names.
const CHROMIUM: &str = "RUNNER_TEST_CHROMIUM";
/// The file `axe.min.js` of axe-core, checks for accessibility; `none` where it was tried to be had and could not.
const AXE: &str = "RUNNER_TEST_AXE";
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// How long an answer may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser of a test's own. It ends when it is dropped.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    last_id: u64,
    /// What it told unasked, in order.
    events: Vec<Value>,
    folder: TempDir,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// CSS pixels.
    pub(crate) width: u32,
    pub(crate) dark: bool,
}

impl Look {
    pub(crate) const WIDE: Look = Look { width: 1280, dark: false };
    pub(crate) const DARK: Look = Look { width: 1280, dark: true };
    pub(crate) const NARROW: Look = Look { width: 375, dark: false };
}

impl Browser {
    /// Nothing where there is none: then the test is to return at once.
    pub(crate) fn start() -> Option<Browser> {
        let Some(program) = program() else {
            static SAID: Once = Once::new();
            SAID.call_once(|| {
                left_out(&format!(
                    "all, since there is no Chromium. To include them: apt-get install chromium, or name it by {CHROMIUM}"
                ));
            });
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        // The browser reads commands from descriptor 3 and answers on 4.
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#]).arg(program);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]);
        command.args(["--no-first-run", "--disable-background-networking", "--disable-component-update"]);
        command.args([
            "--disable-sync",
            "--disable-extensions",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ]);
        command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in output.split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { continue };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Some(Browser { child, input, messages, last_id: 0, events: Vec::new(), folder })
    }

    fn next(&self) -> Value {
        self.messages.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            panic!("the browser does not answer:\n{log}")
        })
    }

    fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(0);
        self.input.write_all(&bytes).unwrap();
        loop {
            let answer = self.next();
            if answer["id"] != self.last_id {
                self.events.push(answer);
                continue;
            }
            assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
            return answer["result"].clone();
        }
    }

    /// Opens a file in a tab of its own and waits until it is loaded and drawn.
    pub(crate) fn open(&mut self, path: &Path, look: Look) -> Page<'_> {
        let target = self.call(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session =
            self.call(None, "Target.attachToTarget", attach)["sessionId"].as_str().unwrap().to_owned();
        self.events.clear();
        let mut page = Page { browser: self, session };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page.look(look);
        page.call("Page.navigate", json!({ "url": format!("file://{}", path.display()) }));
        page.wait_for("Page.loadEventFired");
        page.settle();
        page
    }
}

impl Drop for Browser {
    /// Its folder can go only when all of its processes have ended, which is when nobody holds the pipe any more.
    fn drop(&mut self) {
        let _ = self.input.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        while self.messages.recv_timeout(PATIENCE).is_ok() {}
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A tab.
pub(crate) struct Page<'b> {
    browser: &'b mut Browser,
    session: String,
}

impl Page<'_> {
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.browser.call(Some(&self.session), method, parameters)
    }

    fn wait_for(&mut self, event: &str) {
        while !self.browser.events.iter().any(|one| one["method"] == event) {
            let message = self.browser.next();
            self.browser.events.push(message);
        }
    }

    /// Two frames: what was begun is drawn then.
    pub(crate) fn settle(&mut self) {
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))");
    }

    pub(crate) fn look(&mut self, look: Look) {
        let metrics = json!({ "width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// The value of an expression in the page; promises are waited for.
    pub(crate) fn run(&mut self, script: &str) -> Value {
        let parameters = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{script}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    pub(crate) fn mouse(&mut self, kind: &str, (x, y): (f64, f64), clicks: u32) {
        let button = if kind == "mouseMoved" && clicks == 0 { "none" } else { "left" };
        let buttons = u32::from(clicks > 0 && kind != "mouseReleased");
        let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": clicks });
        self.call("Input.dispatchMouseEvent", event);
    }

    /// Presses a key and lets it go. `text` is what it types.
    pub(crate) fn key(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let code = if key == "Tab" { 9 } else { 0 };
            let event = json!({ "type": kind, "key": key, "text": if kind == "keyDown" { text } else { "" }, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// Everything that was asked of the file system or a network so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        let asked = |event: &Value| match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                event["params"]["request"]["url"].as_str().map(str::to_owned)
            }
            Some("Network.webSocketCreated" | "Network.webTransportCreated") => {
                event["params"]["url"].as_str().map(str::to_owned)
            }
            _ => None,
        };
        self.browser.events.iter().filter_map(asked).collect()
    }

    /// Everything that the console has, and what the browser finds wrong.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let said = |event: &Value| {
            let parameters = &event["params"];
            match event["method"].as_str() {
                Some("Runtime.consoleAPICalled") => {
                    Some(format!("{}: {}", parameters["type"], parameters["args"]))
                }
                Some("Runtime.exceptionThrown") => Some(parameters["exceptionDetails"].to_string()),
                Some("Log.entryAdded") if parameters["entry"]["level"] != "verbose" => {
                    Some(parameters["entry"].to_string())
                }
                _ => None,
            }
        };
        self.browser.events.iter().filter_map(said).collect()
    }
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(CHROMIUM) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let places = || std::env::split_paths(&path);
    NAMES.iter().find_map(|name| places().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// The text of axe-core.
pub(crate) fn axe() -> Option<String> {
    let Some(named) = std::env::var_os(AXE) else {
        left_out(&format!(
            "accessibility, since {AXE} names no axe.min.js. To include it: npm install axe-core, and name its file"
        ));
        return None;
    };
    if named == "none" {
        said("\nnot checked: accessibility of pages, since axe-core could not be had\n");
        return None;
    }
    Some(std::fs::read_to_string(&named).unwrap_or_else(|error| panic!("{}: {error}", named.display())))
}

/// Says, past what the test harness captures, which tests are left out.
fn left_out(which: &str) {
    said(&format!("\nleft out: tests of `browser`: {which}\n"));
}

fn said(words: &str) {
    let _ = std::io::stderr().write_all(words.as_bytes());
}
