//! The report as one page to print: no script, nothing fetched.

use super::{Harm, Point, Report};
use crate::genesis::Previous;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<title>Audit log verification</title>\n<style>\n\
body{font:11pt/1.5 system-ui,sans-serif;max-width:46em;margin:3em auto;padding:0 1em;color:#111}\n\
h1{font-size:1.4em;margin:0 0 .2em}\n\
p.verdict{font-size:1.2em;font-weight:600;border:2px solid;padding:.5em .8em;margin:1em 0}\n\
table{border-collapse:collapse;width:100%}\n\
th,td{text-align:left;vertical-align:top;padding:.35em .6em;border-bottom:1px solid #bbb}\n\
th{width:14em;font-weight:600}\ntd{overflow-wrap:anywhere}\n\
@page{margin:2cm}\n@media print{body{margin:0;max-width:none}}\n\
</style>\n</head>\n<body>\n";

const FOOT: &str = "<p>This page repeats what the exporting server found. It proves nothing by itself: verify the \
bundle as VERIFY.md says, with a verifier key that you received on another way.</p>\n</body>\n</html>\n";

impl Report {
    /// The report as a page of HTML, ready to print; everything from the log is escaped.
    pub fn to_html(&self) -> String {
        let mut page = HEAD.to_owned();
        page.push_str("<h1>Audit log verification</h1>\n");
        page.push_str(&format!(
            "<p class=\"verdict\">{}</p>\n",
            escape(&self.to_string())
        ));
        page.push_str("<table>\n");
        for (name, text) in self.rows() {
            page.push_str(&format!(
                "<tr><th>{name}</th><td>{}</td></tr>\n",
                escape(&text)
            ));
        }
        page.push_str("</table>\n");
        page.push_str(FOOT);
        page
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("Log", self.origin.clone()),
            ("Entries in the log", self.size.to_string()),
            ("Entries checked", self.checked()),
            ("Disclosures", self.disclosures.as_str().to_owned()),
            ("Pruned", format!("{} entries", self.pruned)),
            ("Redacted", format!("{} entries", self.redacted)),
        ];
        let optional = [
            ("Root", self.root.map(|root| root.to_hex())),
            ("Epoch before", self.previous.as_ref().map(before)),
            ("Signed by", self.signed_by.clone()),
            ("Cosigned", self.cosigned_at.map(|at| at.to_string())),
            ("Reason", self.reason().map(str::to_owned)),
        ];
        rows.extend(present(optional));
        rows.extend(self.harm.as_ref().map(damage).unwrap_or_default());
        rows
    }

    fn checked(&self) -> String {
        if self.end == self.first {
            return "none".to_owned();
        }
        let scope = if self.whole {
            "all there are"
        } else {
            "a chosen range"
        };
        format!("{} to {}, {scope}", self.first, self.end - 1)
    }
}

fn before(previous: &Previous) -> String {
    format!(
        "{}, {} entries kept, {} known to be lost",
        previous.kept.origin,
        previous.kept.tree.size,
        previous.lost()
    )
}

fn damage(harm: &Harm) -> Vec<(&'static str, String)> {
    let mut rows = vec![("Damage", harm.damage.as_str().to_owned())];
    let point = |point: Option<Point>| point.map(|point| point.to_string());
    rows.extend(present([
        ("First bad entry", harm.seq.map(|seq| seq.to_string())),
        ("File", harm.file.clone()),
        ("Hash on record", harm.recorded.map(|hash| hash.to_hex())),
        ("Hash found", harm.recomputed.map(|hash| hash.to_hex())),
        ("Last good checkpoint", point(harm.last_good)),
        ("First bad checkpoint", point(harm.first_bad)),
    ]));
    rows.push(("Evidence in", format!("{} entries or files", harm.affected)));
    rows
}

fn present<const N: usize>(
    rows: [(&'static str, Option<String>); N],
) -> impl Iterator<Item = (&'static str, String)> {
    rows.into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
}

fn escape(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, char| {
            match char {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                _ => out.push(char),
            }
            out
        })
}
