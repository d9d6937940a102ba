//! The table as Markdown.

use std::fmt;

/// One figure beside its reference.
#[derive(Debug, Default)]
pub(crate) struct Row {
    figure: String,
    measured: String,
    reference: String,
    ratio: String,
    aim: String,
}

impl Row {
    pub(crate) fn new(figure: impl Into<String>, measured: impl Into<String>) -> Self {
        Self {
            figure: figure.into(),
            measured: measured.into(),
            ..Self::default()
        }
    }

    /// A part that could not run, and why.
    pub(crate) fn not_measured(figure: &str, why: &str) -> Self {
        let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
        Self::new(figure, format!("not measured: {}", why.replace('|', "/")))
    }

    /// What it is to be read beside, from the same run.
    pub(crate) fn beside(mut self, reference: impl Into<String>) -> Self {
        self.reference = reference.into();
        self
    }

    /// The figure as a part of its reference.
    pub(crate) fn part(mut self, measured: f64, reference: f64) -> Self {
        self.ratio = format!("{:.0} %", 100.0 * measured / reference);
        self
    }

    /// The figure as a multiple of its reference.
    pub(crate) fn times(mut self, measured: f64, reference: f64) -> Self {
        self.ratio = format!("{:.1} ×", measured / reference);
        self
    }

    /// What is aimed at, and whether it is reached.
    pub(crate) fn aim(mut self, aim: &str, is_reached: bool) -> Self {
        let verdict = if is_reached { "reached" } else { "missed" };
        self.aim = format!("{aim}: {verdict}");
        self
    }

    /// As [`Self::aim`], where there is an aim.
    pub(crate) fn aim_if(self, applies: bool, aim: &str, is_reached: bool) -> Self {
        if applies {
            self.aim(aim, is_reached)
        } else {
            self
        }
    }
}

/// The rows, in the order they were measured.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    pub(crate) fn extend(&mut self, rows: Vec<Row>) {
        self.0.extend(rows);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| figure | measured | beside, in the same run | ratio | aim |"
        )?;
        writeln!(f, "| --- | --- | --- | --- | --- |")?;
        for row in &self.0 {
            let cells = [
                &row.figure,
                &row.measured,
                &row.reference,
                &row.ratio,
                &row.aim,
            ];
            writeln!(f, "| {} |", cells.map(String::as_str).join(" | "))?;
        }
        Ok(())
    }
}
