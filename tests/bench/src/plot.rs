//! The pictures of the report: SVG, written by hand, readable on light and dark paper.
//!
//! A picture is rows of panels; in each panel a line for each server, with its bar on a logarithmic scale and
//! its figure behind it. Names stand once at the left of a row of panels. All text has a place of its own, so
//! nothing can overlap: a bar ends where the room for its figure begins.

use std::fmt::Write as _;

use crate::bars::{Spread, Unit};

const NAMES_WIDTH: f64 = 118.0;
const PANEL_WIDTH: f64 = 262.0;
const GAP: f64 = 18.0;
const LINE_HEIGHT: f64 = 21.0;
const TITLE_HEIGHT: f64 = 46.0;
const AXIS_HEIGHT: f64 = 34.0;
const MARGIN: f64 = 22.0;
/// What is kept free at the right of each panel for the figure of the longest bar.
const FIGURE_WIDTH: f64 = 62.0;
const COLUMNS: usize = 3;

/// Colours on light paper, then what is different on dark. Pictures in a page cannot ask it for its colours,
/// only the reader's system, so they bring their own paper.
const STYLE: &str = "\
text { font: 12px system-ui, 'DejaVu Sans', Verdana, sans-serif; fill: #24292f }
.paper { fill: #ffffff; stroke: #d0d7de } .head { font-size: 17px; font-weight: 600 }
.title { font-weight: 600 } .quiet { fill: #59636e; font-size: 11px } .ours { font-weight: 700 }
.bar { fill: #a3b1c2 } .bar-ours { fill: #0b7285 } .range { stroke: #24292f; stroke-width: 1.2 }
.grid { stroke: #e4e8ec } .base { stroke: #59636e; stroke-dasharray: 3 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .paper { fill: #0d1117; stroke: #3d444d } .quiet { fill: #9198a1 }
.bar { fill: #4a5768 } .bar-ours { fill: #3bc9db } .range { stroke: #e6edf3 }
.grid { stroke: #242b34 } .base { stroke: #9198a1 } }";

/// What a server has in a panel.
#[derive(Debug, Clone)]
pub enum Mark {
    /// A figure.
    Figure(Spread),
    /// A word in its place.
    Word(&'static str),
}

/// One scale with a line for each server.
#[derive(Debug)]
pub struct Panel {
    /// What is compared.
    title: &'static str,
    /// In which circumstances.
    subtitle: &'static str,
    /// How figures are written.
    unit: Unit,
    /// Where bars begin; without it, at the left.
    base: Option<f64>,
    /// In the order of the names.
    marks: Vec<Mark>,
}

impl Panel {
    /// A panel; ratios begin at 1, everything else at the left.
    #[must_use]
    pub fn new(title: &'static str, subtitle: &'static str, unit: Unit, marks: Vec<Mark>) -> Self {
        let convert = |mark| match mark {
            Mark::Figure(spread) => Mark::Figure(Spread {
                median: shown(unit, spread.median),
                lower: shown(unit, spread.lower),
                upper: shown(unit, spread.upper),
            }),
            word @ Mark::Word(_) => word,
        };
        Self {
            title,
            subtitle,
            unit,
            base: (unit == Unit::Ratio).then_some(1.0),
            marks: marks.into_iter().map(convert).collect(),
        }
    }
}

/// A whole picture.
#[derive(Debug)]
pub struct Picture {
    /// What it shows.
    pub title: &'static str,
    /// How to read it, a line each.
    pub captions: Vec<&'static str>,
    /// The servers; the first is ours.
    pub names: Vec<String>,
    /// In rows of three.
    pub panels: Vec<Panel>,
    /// All panels have the same scale.
    pub same_scale: bool,
}

/// The two ends of a logarithmic scale.
#[derive(Debug, Clone, Copy)]
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    fn of<'a>(panels: impl Iterator<Item = &'a Panel>) -> Self {
        let (mut least, mut most) = (f64::MAX, f64::MIN);
        for panel in panels {
            let medians = panel.marks.iter().filter_map(|mark| match mark {
                Mark::Figure(spread) => Some(spread.median),
                Mark::Word(_) => None,
            });
            // With a base the scale goes on a little on its other side; without one bars need some length.
            let bounds = panel.base.into_iter().flat_map(|base| [base * 0.8, base * 1.5]);
            for value in medians.filter(|value| *value > 0.0).chain(bounds) {
                least = least.min(value);
                most = most.max(value);
            }
        }
        if least > most {
            (least, most) = (1.0, 10.0);
        }
        let least = least / 2.0;
        Self { least, most: most.max(least * 10.0) }
    }

    /// Pixels from the left of the panel.
    fn at(self, value: f64) -> f64 {
        let share = (value / self.least).ln() / (self.most / self.least).ln();
        share.clamp(0.0, 1.0) * (PANEL_WIDTH - FIGURE_WIDTH)
    }

    /// Powers of ten on it.
    fn ticks(self) -> Vec<f64> {
        (-9..=12)
            .map(|power| 10_f64.powi(power))
            .filter(|tick| (self.least..=self.most * 1.01).contains(tick))
            .collect()
    }
}

impl Picture {
    /// The picture as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        let panel_height = TITLE_HEIGHT + self.names.len() as f64 * LINE_HEIGHT + AXIS_HEIGHT;
        let columns = COLUMNS.min(self.panels.len()).max(1);
        let rows = self.panels.len().div_ceil(columns);
        let head = 40.0 + 17.0 * self.captions.len() as f64;
        let width = 2.0 * MARGIN + NAMES_WIDTH + columns as f64 * (PANEL_WIDTH + GAP) - GAP;
        let height = head + rows as f64 * panel_height + MARGIN;
        let mut svg = String::new();
        let _ = writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n\
             <title>{}</title>\n<style>\n{STYLE}\n</style>",
            self.title
        );
        let _ = writeln!(
            svg,
            "<rect class=\"paper\" x=\"0.5\" y=\"0.5\" width=\"{:.0}\" height=\"{:.0}\" rx=\"8\"/>",
            width - 1.0,
            height - 1.0
        );
        text(&mut svg, "head", MARGIN, 32.0, "start", self.title);
        for (line, caption) in self.captions.iter().enumerate() {
            text(&mut svg, "quiet", MARGIN, 51.0 + 17.0 * line as f64, "start", caption);
        }
        let shared = Scale::of(self.panels.iter());
        for (number, panel) in self.panels.iter().enumerate() {
            let left = MARGIN + NAMES_WIDTH + (number % columns) as f64 * (PANEL_WIDTH + GAP);
            let top = head + (number / columns) as f64 * panel_height;
            let scale = if self.same_scale { shared } else { Scale::of([panel].into_iter()) };
            if number % columns == 0 {
                self.draw_names(&mut svg, left - 10.0, top + TITLE_HEIGHT);
            }
            self.draw_panel(&mut svg, panel, scale, left, top);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn draw_names(&self, svg: &mut String, right: f64, top: f64) {
        for (line, name) in self.names.iter().enumerate() {
            let class = if line == 0 { "ours" } else { "name" };
            let y = top + line as f64 * LINE_HEIGHT + 14.5;
            text(svg, class, right, y, "end", name);
        }
    }

    fn draw_panel(&self, svg: &mut String, panel: &Panel, scale: Scale, left: f64, top: f64) {
        text(svg, "title", left, top + 18.0, "start", panel.title);
        text(svg, "quiet", left, top + 34.0, "start", panel.subtitle);
        let top = top + TITLE_HEIGHT;
        let bottom = top + self.names.len() as f64 * LINE_HEIGHT;
        for tick in scale.ticks() {
            let x = left + scale.at(tick);
            line(svg, "grid", (x, top), (x, bottom + 4.0));
            text(svg, "quiet", x, bottom + 17.0, "middle", &short(panel.unit, tick, true));
        }
        let base = panel.base.map_or(0.0, |base| scale.at(base));
        for (number, mark) in panel.marks.iter().enumerate() {
            let y = top + number as f64 * LINE_HEIGHT;
            let spread = match mark {
                Mark::Figure(spread) => spread,
                Mark::Word(word) => {
                    text(svg, "quiet", left + base + 5.0, y + 14.5, "start", word);
                    continue;
                }
            };
            let end = scale.at(spread.median);
            let (from, to) = (base.min(end), base.max(end));
            let class = if number == 0 { "bar-ours" } else { "bar" };
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"13\" rx=\"1.5\"/>",
                left + from,
                y + 4.0,
                (to - from).max(1.5)
            );
            let (lower, upper) = (scale.at(spread.lower), scale.at(spread.upper));
            if upper - lower > 2.0 {
                let middle = y + 10.5;
                line(svg, "range", (left + lower, middle), (left + upper, middle));
            }
            let class = if number == 0 { "ours" } else { "figure" };
            let figure = short(panel.unit, spread.median, false);
            text(svg, class, left + to.max(upper) + 5.0, y + 14.5, "start", &figure);
        }
        if panel.base.is_some() {
            line(svg, "base", (left + base, top - 2.0), (left + base, bottom + 4.0));
        }
    }
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, anchor: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

/// A value in the unit in which it is shown.
fn shown(unit: Unit, value: f64) -> f64 {
    match unit {
        Unit::Mebibytes => value / f64::from(1 << 20),
        Unit::Milliseconds => value * 1e3,
        Unit::Share => value * 100.0,
        Unit::Bytes | Unit::Ratio | Unit::Count | Unit::Instructions => value,
    }
}

/// What is shown, with three digits, or as it is for a scale.
fn short(unit: Unit, value: f64, round: bool) -> String {
    let (value, unit) = match unit {
        Unit::Bytes if value >= 1e6 => (value / 1e6, " MB"),
        Unit::Bytes if value >= 1e3 => (value / 1e3, " KB"),
        Unit::Bytes => (value, " B"),
        Unit::Mebibytes => (value, " MiB"),
        Unit::Milliseconds => (value, " ms"),
        Unit::Share => (value, " %"),
        Unit::Ratio => (value, "x"),
        Unit::Count | Unit::Instructions => (value, ""),
    };
    if round {
        return format!("{value}{unit}");
    }
    let digits = match value {
        ..0.0995 => 3,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_scales_round_ones() {
        assert_eq!(short(Unit::Ratio, 1.0449, false), "1.04x");
        assert_eq!(short(Unit::Bytes, 6_312.0, false), "6.31 KB");
        assert_eq!(short(Unit::Milliseconds, 561.2, false), "561 ms");
        assert_eq!(short(Unit::Ratio, 9.999, false), "10.0x");
        assert_eq!(short(Unit::Ratio, 0.1, true), "0.1x");
    }

    #[test]
    fn a_bar_leaves_room_for_its_figure() {
        let wide = Spread { median: 35.0, lower: 30.0, upper: 4000.0 };
        let panel = Panel::new("", "", Unit::Ratio, vec![Mark::Figure(wide)]);
        let scale = Scale::of([&panel].into_iter());
        assert_eq!(scale.at(4000.0), PANEL_WIDTH - FIGURE_WIDTH);
        assert!(scale.at(0.5) > 0.0 && scale.at(1.0) > scale.at(0.5));
    }
}
