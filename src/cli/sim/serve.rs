//! `ctp sim serve`: the exchange as a server, until Ctrl-C.

mod lines;
pub(super) mod stop;

use std::io;
use std::path::PathBuf;

use ctp_sim_host::control::Door;
use ctp_sim_host::serve::{Given, GivenOptions, Origin, Server, TimeKind, read_file};
use ctp_sim_host::{Speed, Timestamp};
use serde_json::{Map, Value, json};

use super::{Error, view};

/// How to serve.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The token that clients must give stands in the file of --token-file or in CTP_SIM_TOKEN, never on \
                  the command line. Ends with 0 after Ctrl-C or SIGTERM, 1 when it cannot start, 2 for wrong options."
)]
pub(crate) struct Arguments {
    /// TOML file with these options, settings and commands; what stands here wins over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where clients of every kind connect [default: 127.0.0.1:17001]; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where market-data clients connect, when trading has a port of its own
    #[arg(long, value_name = "ADDRESS")]
    md_listen: Option<String>,
    /// Where trader clients connect, when market data have a port of their own
    #[arg(long, value_name = "ADDRESS")]
    td_listen: Option<String>,
    /// The exchange's name [default: served]
    #[arg(long)]
    name: Option<String>,
    /// The machine's clock, one of its own, or one that `advance` of the control interface moves
    #[arg(long, value_enum)]
    clock: Option<ClockName>,
    /// Seconds of a virtual clock per second, or max: as fast as the clients return
    #[arg(long, value_parser = speed)]
    speed: Option<Speed>,
    /// When a virtual or manual clock starts, in China, such as 2026-11-23T10:00:00
    #[arg(long, value_name = "TIME", value_parser = time)]
    start: Option<Timestamp>,
    /// A recording of ticks in CSV to play
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// A file that keeps the trading day: it goes on after an end of any kind
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// A fault plan; may be given several times
    #[arg(long, value_name = "FILE")]
    faults: Vec<PathBuf>,
    /// A fault plan drawn from a seed; `ctp sim faults --seed` prints it
    #[arg(long, value_name = "SEED", value_parser = seed)]
    fault_seed: Option<u64>,
    /// A setting or switch of the exchange; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Something to do at the start, as text such as `deposit one amount=5000` or as a JSON request; may be given several
    /// times
    #[arg(long = "command", value_name = "COMMAND", value_parser = command)]
    commands: Vec<Map<String, Value>>,
    /// Connections at a time [default: 512]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    clients: Option<u32>,
    /// Lets it listen at an address that other machines reach; needs a token
    #[arg(long)]
    allow_remote: bool,
    /// A file with the token that every client must give
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Says what happens in lines for people
    #[arg(long)]
    plain: bool,
    /// Says what happens in lines of JSON
    #[arg(long, conflicts_with = "plain")]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ClockName {
    Real,
    Virtual,
    Manual,
}

/// Serves until it is told to stop.
pub(super) fn run(arguments: Arguments) -> Result<(), Error> {
    // Before anything is started, so that no signal finds it unprepared.
    let stop = stop::Stop::new()?;
    let form = if arguments.json { lines::Form::Json } else { lines::Form::Plain };
    let is_seen = !arguments.plain && !arguments.json && view::has_terminal();
    let options = options(arguments)?;
    let mut server = Server::start(options)?;
    if is_seen {
        let shown = show(&server, &stop);
        server.stop();
        return shown;
    }
    let said = lines::say(&server, form, &stop);
    server.stop();
    match said {
        Ok(()) => lines::say_stopped(form, &stop).map_err(Error::Output),
        Err(cause) => Err(Error::Output(cause)),
    }
}

/// Shows the exchange in the terminal until q or a signal.
fn show(server: &Server, stop: &stop::Stop) -> Result<(), Error> {
    let (md, td) = (server.md_front(), server.td_front());
    let addresses = if md == td { td } else { format!("md {md} td {td}") };
    view::show(Door::here(server.simulator().clone()), addresses, true, stop)
}

fn options(arguments: Arguments) -> Result<ctp_sim_host::serve::ServeOptions, Error> {
    let path = arguments.config.clone();
    let file = match &path {
        Some(path) => read_file(path)?,
        None => GivenOptions::default(),
    };
    let token = std::env::var("CTP_SIM_TOKEN").ok();
    Ok(given(arguments).over(file).check(token.as_deref(), path.as_deref())?)
}

/// Turns the command line into options, each with its name.
fn given(arguments: Arguments) -> GivenOptions {
    fn of<T>(option: &'static str) -> impl Fn(T) -> Given<T> {
        move |value| Given { value, origin: Origin::Option(option) }
    }
    let clock = arguments.clock.map(|clock| match clock {
        ClockName::Real => TimeKind::Real,
        ClockName::Virtual => TimeKind::Virtual,
        ClockName::Manual => TimeKind::Manual,
    });
    let drawn = arguments.fault_seed.map(|seed| PathBuf::from(format!("random:{seed}")));
    GivenOptions {
        listen: arguments.listen.map(of("--listen")),
        md_listen: arguments.md_listen.map(of("--md-listen")),
        td_listen: arguments.td_listen.map(of("--td-listen")),
        name: arguments.name.map(of("--name")),
        clock: clock.map(of("--clock")),
        speed: arguments.speed.map(of("--speed")),
        start: arguments.start.map(of("--start")),
        replay: arguments.replay.map(of("--replay")),
        store: arguments.store.map(of("--store")),
        faults: arguments.faults.into_iter().chain(drawn).map(of("--faults")).collect(),
        allow_remote: arguments.allow_remote.then_some(true).map(of("--allow-remote")),
        token_file: arguments.token_file.map(of("--token-file")),
        clients: arguments.clients.and_then(|clients| usize::try_from(clients).ok()).map(of("--clients")),
        settings: arguments.settings.into_iter().map(of("--set")).collect(),
        commands: arguments.commands.into_iter().map(of("--command")).collect(),
    }
}

fn speed(text: &str) -> Result<Speed, String> {
    match text {
        "max" => Ok(Speed::Max),
        _ => text
            .parse()
            .map(Speed::Times)
            .map_err(|_| "write a number above 0, at most 1000, or max".to_owned()),
    }
}

fn seed(text: &str) -> Result<u64, String> {
    let wrong = || format!("write a whole number from 0 to {}", i64::MAX);
    text.parse().ok().filter(|seed| i64::try_from(*seed).is_ok()).ok_or_else(wrong)
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::from_china(text).ok_or_else(|| "write a time in China such as 2026-11-23T10:00:00".to_owned())
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    ctp_sim_host::serve::check_setting(key, value).map_err(|(what, fix)| format!("{what}; {fix}"))?;
    Ok((key.replace('-', "_"), value.to_owned()))
}

fn command(text: &str) -> Result<Map<String, Value>, String> {
    let request = match text.starts_with('{') {
        true => serde_json::from_str(text).map_err(|cause| cause.to_string())?,
        false => json!({ "op": "command", "text": text }),
    };
    match request {
        Value::Object(request) => Ok(request),
        _ => Err("write a command, or a JSON object with op".to_owned()),
    }
}

/// Why an output line is not written: a reader that had enough ends the server.
type Said = io::Result<()>;
