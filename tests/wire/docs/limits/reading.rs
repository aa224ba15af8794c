//! Amounts, as the page tells them, as `--help` tells them, and as the source says them; and which of them are limits.

/// How much: bytes or a count, or a time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Number(u64),
    Time(u64),
}

/// The amounts that a cell tells, in their order: `64 KiB each 60 s` are two.
pub(super) fn told(cell: &str) -> Vec<Amount> {
    let words: Vec<&str> = cell.split_whitespace().collect();
    let amount = |at: usize| {
        let number: u64 = words[at].replace(',', "").parse().ok()?;
        let unit = words.get(at + 1).map_or("", |unit| unit.trim_end_matches(','));
        Some(match unit {
            "ms" => Amount::Time(number),
            "s" => Amount::Time(number * 1_000),
            "KiB" => Amount::Number(number << 10),
            "MiB" => Amount::Number(number << 20),
            _ => Amount::Number(number),
        })
    };
    (0..words.len()).filter_map(amount).collect()
}

/// A default of `--help`, if it is an amount.
pub(super) fn of_help(default: &str, unit: &str) -> Option<Amount> {
    let digits = default.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let number: u64 = digits.parse().ok()?;
    match (unit, &default[digits.len()..]) {
        ("TIME", "ms") => Some(Amount::Time(number)),
        ("TIME", "s" | "") => Some(Amount::Time(number * 1_000)),
        ("TIME", "m") => Some(Amount::Time(number * 60_000)),
        ("SIZE", "k") => Some(Amount::Number(number << 10)),
        ("SIZE", "m") => Some(Amount::Number(number << 20)),
        ("SIZE", "g") => Some(Amount::Number(number << 30)),
        ("SIZE" | "COUNT", "") => Some(Amount::Number(number)),
        _ => None,
    }
}

/// What an expression of the source says, if it is no more than an amount.
fn of_source(expression: &str) -> Option<Amount> {
    let number = |text: &str| text.replace('_', "").parse::<u64>().ok();
    let inside = |name: &str| {
        let arguments = expression.strip_prefix("Duration::")?.strip_prefix(name)?;
        number(arguments.strip_prefix('(')?.strip_suffix(')')?)
    };
    if let Some((left, shift)) = expression.split_once(" << ") {
        return Some(Amount::Number(number(left)? << number(shift)?));
    }
    let seconds = inside("from_secs").map(|seconds| seconds * 1_000);
    let time = seconds.or_else(|| inside("from_millis")).map(Amount::Time);
    time.or_else(|| number(expression.trim_matches('"')).map(Amount::Number))
}

/// The value of a constant or the default of a field; or all amounts in a function.
pub(super) fn in_source(name: &str, source: &str) -> Vec<Amount> {
    let value = |line: &str| {
        let line = line.trim();
        let constant = line.split_once(&format!("const {name}: "));
        let expression = match constant {
            Some((_, typed)) => typed.split_once(" = ")?.1,
            None => {
                let field = line.strip_prefix("pub ").unwrap_or(line);
                let typed = field.strip_prefix(name)?.strip_prefix(": ")?;
                typed.split_once(" = ").map_or(typed, |(_, value)| value)
            }
        };
        of_source(expression.trim_end_matches([',', ';']))
    };
    if let Some(amount) = source.lines().find_map(value) {
        return vec![amount];
    }
    let Some((_, behind)) = source.split_once(&format!("fn {name}(")) else { return Vec::new() };
    let body = behind.split("\n    }\n").next().unwrap_or_default();
    let words = body.split(|c: char| "{}(), \n".contains(c));
    let times = words.filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let amount = |at: usize| {
        let number = times[at].parse::<u64>().ok()?;
        Some(match times[at - 1] {
            "Duration::from_secs" => Amount::Time(number * 1_000),
            "Duration::from_millis" => Amount::Time(number),
            _ => Amount::Number(number),
        })
    };
    (1..times.len()).filter_map(amount).collect()
}

/// The fields of a record that are numbers or times.
pub(super) fn numbers_of(record: &str, source: &str) -> Vec<String> {
    let start = format!("pub struct {record} {{\n");
    let (_, behind) = source.split_once(&start).expect("the record");
    let (fields, _) = behind.split_once("}\n").expect("its end");
    let fields = fields.lines().filter_map(|line| {
        let (name, kind) = line.trim().strip_prefix("pub ")?.split_once(": ")?;
        // Some records say the default there, too.
        let kind = kind.split_once(" = ").map_or(kind, |(kind, _)| kind);
        let kind = kind.trim_end_matches(',');
        let kinds = ["usize", "u32", "u64", "Option<usize>", "Duration"];
        kinds.contains(&kind).then(|| name.to_owned())
    });
    fields.collect()
}

/// Constants that are times, or limits by their name.
pub(super) fn limits_in(source: &str) -> Vec<String> {
    let constants = source.lines().filter_map(|line| {
        let (before, behind) = line.split_once("const ")?;
        let is_item = before.trim().is_empty() || before.trim().starts_with("pub");
        let (name, rest) = behind.split_once(": ")?;
        let (kind, _) = rest.split_once(" = ")?;
        let is_limit = kind == "Duration"
            || name.starts_with("MAX_") && kind != "Self"
            || name.contains("_PER_")
            || name == "BACKLOG";
        (is_item && is_limit).then(|| name.to_owned())
    });
    constants.collect()
}
