//! Small plots as SVG. Letters stand beside them, so that they keep their size on a phone, and each says
//! in words what it shows. Nothing is told by colour alone.

use jiff::Timestamp;
use maud::{Markup, html};
use sluice_core::health::{Reading, Sample};

/// The plots' own units: they are stretched to their place.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 60.0;

/// Bars, one for each value; the last one is of now. Nothing where all are nothing: the words say so.
pub(super) fn bars(title: &str, values: &[Option<f64>], words: impl Fn(f64) -> String) -> Markup {
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    let most = known.iter().copied().fold(0.0, f64::max);
    if most == 0.0 {
        return html! {};
    }
    let step = WIDTH / values.len() as f64;
    let said = format!("at most {}", words(most));
    html! {
        figure {
            figcaption { (title) ": " (said) }
            svg role="img" aria-label=(format!("{title}, {} weeks: {said}", values.len()))
                viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" {
                @for (number, value) in values.iter().enumerate() {
                    @let height = value.unwrap_or(0.0) / most * (HEIGHT - 4.0);
                    rect.bar x=(round(number as f64 * step + 2.0)) width=(round(step - 4.0))
                        y=(round(HEIGHT - height)) height=(round(height)) {}
                }
                line.axis x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
            }
        }
    }
}

/// How wide a time is.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Span {
    fn x(self, at: Timestamp) -> f64 {
        let whole = self.until.duration_since(self.from).as_secs_f64();
        let part = at.duration_since(self.from).as_secs_f64();
        if whole <= 0.0 {
            0.0
        } else {
            (part / whole).clamp(0.0, 1.0) * WIDTH
        }
    }
}

/// From when until when something was so, within the whole.
pub(super) fn stay(span: Span, from: Timestamp, until: Timestamp) -> Markup {
    let x = span.x(from);
    // What takes no time is seen too.
    let width = (span.x(until) - x).max(3.0);
    let x = x.min(WIDTH - width);
    html! {
        svg.stay aria-hidden="true" viewBox=(format!("0 0 {WIDTH} 10")) preserveAspectRatio="none" {
            rect.track x="0" y="4" width=(WIDTH) height="2" {}
            rect.bar x=(round(x)) y="1" width=(round(width)) height="8" {}
        }
    }
}

/// Steps: a value that stays until the next one. It goes to the end of the span.
pub(super) fn steps(span: Span, values: &[(Timestamp, f64)], most: f64) -> Markup {
    let y = |value: f64| HEIGHT - 2.0 - value / most.max(1.0) * (HEIGHT - 4.0);
    let mut path = String::new();
    for (number, (at, value)) in values.iter().enumerate() {
        let (x, y) = (round(span.x(*at)), round(y(*value)));
        path.push_str(&match number {
            0 => format!("M{x} {y}"),
            _ => format!("H{x}V{y}"),
        });
    }
    path.push_str(&format!("H{WIDTH}"));
    html! { path.line d=(path) {} }
}

/// A line from point to point; `old` is dashed.
pub(super) fn line(span: Span, values: &[(Timestamp, f64)], most: f64, old: bool) -> Markup {
    let mut path = String::new();
    for (at, value) in values {
        let y = HEIGHT - 2.0 - value / most * (HEIGHT - 4.0);
        let begin = if path.is_empty() { 'M' } else { 'L' };
        path.push_str(&format!("{begin}{} {}", round(span.x(*at)), round(y)));
    }
    html! { path.line.old[old] d=(path) {} }
}

/// Lines in a frame, with what they show.
pub(super) fn framed(title: &Markup, label: &str, lines: &Markup) -> Markup {
    html! {
        figure {
            figcaption { (title) }
            svg role="img" aria-label=(label) viewBox=(format!("0 0 {WIDTH} {HEIGHT}"))
                preserveAspectRatio="none" {
                (lines)
                line.axis x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
            }
        }
    }
}

/// Samples, a sign for each: good ones, bad ones, and those that showed nothing.
pub(super) fn samples(samples: &[Sample]) -> Markup {
    html! {
        ol.samples {
            @for sample in samples {
                @let (class, sign, word) = match sample.reading() {
                    Reading::Good => ("good", "✓", "good"),
                    Reading::Bad => ("bad", "✗", "bad"),
                    Reading::Empty => ("empty", "?", "showed nothing"),
                };
                li class=(class) title=(format!("{} {word}", sample.at.strftime("%H:%M:%S UTC"))) {
                    span aria-hidden="true" { (sign) }
                    span.hidden { (sample.at.strftime("%H:%M:%S")) " " (word) }
                }
            }
        }
    }
}

/// Two digits after the point are enough for a screen.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
