//! Colours and emphasis: the terminal's own sixteen colours, which fit a light and a dark background, or none.

use ratatui::style::{Color, Modifier, Style};

/// How things look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    colour: bool,
}

/// What something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Look {
    /// As usual.
    #[default]
    Plain,
    /// Of more weight.
    Strong,
    /// Of less weight.
    Faint,
    /// Buying, rising: red, as in China.
    Up,
    /// Selling, falling: green.
    Down,
    /// Something that needs a look.
    Alarm,
    /// Something that went well.
    Good,
    /// A name or a heading.
    Name,
    /// A bar.
    Bar,
}

impl Theme {
    /// Returns the theme of the environment: `NO_COLOR` with any value takes the colours away.
    pub(super) fn of_environment() -> Self {
        Self { colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    #[cfg(test)]
    pub(super) const fn new(colour: bool) -> Self {
        Self { colour }
    }

    pub(super) fn style(self, look: Look) -> Style {
        let plain = Style::new();
        let of = |colour: Color| if self.colour { plain.fg(colour) } else { plain };
        match look {
            Look::Plain => plain,
            Look::Strong => plain.add_modifier(Modifier::BOLD),
            Look::Faint => plain.add_modifier(Modifier::DIM),
            Look::Up => of(Color::Red),
            Look::Down => of(Color::Green),
            Look::Alarm => of(Color::Red).add_modifier(Modifier::BOLD),
            Look::Good => of(Color::Green).add_modifier(Modifier::BOLD),
            Look::Name => of(Color::Magenta).add_modifier(Modifier::BOLD),
            Look::Bar => plain.add_modifier(Modifier::REVERSED),
        }
    }

    /// Returns the style of the border of a pane.
    pub(super) fn border(self, focused: bool) -> Style {
        match (focused, self.colour) {
            (true, true) => Style::new().fg(Color::Magenta).add_modifier(Modifier::BOLD),
            (true, false) => Style::new().add_modifier(Modifier::BOLD),
            (false, _) => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// Returns the style of the selected row.
    pub(super) fn selected(self, focused: bool) -> Style {
        match focused {
            true => Style::new().add_modifier(Modifier::REVERSED),
            false => Style::new().add_modifier(Modifier::UNDERLINED),
        }
    }
}
