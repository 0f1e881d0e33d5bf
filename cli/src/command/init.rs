//! A file drafted from what runs.

use std::process::ExitCode;

use super::Failure;
use crate::installation::init::Init;
use crate::terminal::Screen;

#[cfg(not(feature = "doctor"))]
pub(super) fn carry_out(_: &Init, _: &mut Screen) -> Result<ExitCode, Failure> {
    Err(Failure::usage(
        "this build of sluice does not include the AWS SDK; build it with it:\n\
         cargo run -p sluice --features doctor -- init --cluster NAME",
    ))
}

#[cfg(feature = "doctor")]
pub(super) use drafts::carry_out;

#[cfg(feature = "doctor")]
mod drafts {
    use std::fs::OpenOptions;
    use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
    use std::path::Path;

    use anstream::adapter::strip_str;
    use sluice_aws::Clients;
    use sluice_aws::doctor::cluster::{Named, look_at};
    use sluice_aws::doctor::{Blind, Eyes};
    use sluice_core::id::Region;
    use sluice_draft::facts::Cluster;
    use sluice_draft::{Draft, Wanted, settle};
    use sluice_words::draft::command as words;
    use tokio::runtime::Builder;

    use super::{ExitCode, Failure, Init, Screen};
    use crate::command::config;
    use crate::input;
    use crate::terminal::{BAD, GOOD, STRONG, WARN, paint, width, wrap_hanging};

    /// Could not look, or not at everything.
    const BLIND: u8 = 2;

    pub(crate) fn carry_out(init: &Init, screen: &mut Screen) -> Result<ExitCode, Failure> {
        let prints = init.file.as_os_str() == "-";
        if !prints && !init.force && init.file.exists() {
            return Err(Failure::new(words::exists(&input::name(&init.file))));
        }
        let named: Vec<Named> = init.cluster.iter().map(|text| named(text)).collect();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let clusters = runtime.block_on(Box::pin(clusters(init, &named)));
        let clusters = clusters.map_err(|blind| Failure::exits(blind.to_string(), BLIND))?;
        let wanted = Wanted {
            app: init.app.clone(),
            repository: init.repository.clone(),
            answers: init.answer.iter().cloned().collect(),
        };
        let asks = !init.no_input && io::stdin().is_terminal();
        let draft = settle(
            &clusters,
            wanted,
            |text| if asks { typed(text) } else { None },
        );
        let draft = draft.map_err(|why| Failure::exits(why.to_string(), BLIND))?;
        let name = if prints {
            "standard output".to_owned()
        } else {
            input::name(&init.file)
        };
        let checked = config::checked_text(name.clone(), &draft.text);
        if let Some(told) = checked.mistakes() {
            return Err(Failure::new(words::invalid(told)));
        }
        match prints {
            true => screen.print(draft.text.trim_end())?,
            false => write(&init.file, &draft.text, init.force)?,
        }
        for line in checked.warned() {
            anstream::eprintln!("{line}");
        }
        tell(&draft, &name, prints);
        Ok(ExitCode::from(if draft.unknown.is_empty() {
            0
        } else {
            BLIND
        }))
    }

    fn named(text: &str) -> Named {
        let (environment, cluster) = match text.split_once('=') {
            Some((environment, cluster)) => (Some(environment.to_owned()), cluster),
            None => (None, text),
        };
        Named {
            environment,
            cluster: cluster.to_owned(),
        }
    }

    async fn clusters(init: &Init, named: &[Named]) -> Result<Vec<Cluster>, Blind> {
        let region = init.region.clone().map(Region::new);
        let mut others = Vec::new();
        for profile in &init.also {
            others.push(Clients::of_person(Some(profile), region.as_ref()).await);
        }
        let own = Clients::of_person(init.profile.as_deref(), region.as_ref()).await;
        let eyes = Eyes::new(own, others).await?;
        look_at(&eyes, named).await
    }

    /// What someone at the terminal answers; nothing if the line is empty, or the input ends.
    fn typed(text: &str) -> Option<String> {
        anstream::eprint!("\n{text}\n> ");
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).ok()?;
        let line = line.trim();
        (!line.is_empty()).then(|| line.to_owned())
    }

    /// A file that has come in the meantime is not written over either.
    fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
        let mut options = OpenOptions::new();
        options.write(true);
        match force {
            true => options.create(true).truncate(true),
            false => options.create_new(true),
        };
        let written = options
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Failure::new(words::exists(&input::name(path))),
            _ => Failure::new(format!("{} cannot be written: {error}", input::name(path))),
        })
    }

    fn tell(draft: &Draft, name: &str, prints: bool) {
        let text = |before: &str, text: &str| {
            let hang = strip_str(before).to_string().len();
            wrap_hanging(&format!("{before}{text}"), width(), hang).join("\n")
        };
        let said = words::written(name, prints);
        anstream::eprintln!("{}", paint(GOOD, said));
        let before = format!("{} ", paint(WARN, "unknown:"));
        for why in &draft.unknown {
            anstream::eprintln!("{}", text(&before, &words::unknown(why)));
        }
        let before = format!("{} ", paint(BAD, "credential:"));
        for credential in &draft.credentials {
            anstream::eprintln!("{}", text(&before, credential));
        }
        let open: Vec<_> = draft
            .questions
            .iter()
            .filter(|one| !one.is_answered)
            .collect();
        if let Some(title) = words::open(&draft.text) {
            anstream::eprintln!("{}", paint(STRONG, title));
        }
        for question in open {
            anstream::eprintln!("{}", text("  ", &words::answer(question)));
        }
        if !prints {
            anstream::eprintln!("{}", paint(STRONG, words::NEXT));
            for (command, why) in words::next(name) {
                anstream::eprintln!("  {command:<40} {why}");
            }
        }
    }
}
