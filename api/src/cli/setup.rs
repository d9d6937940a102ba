//! Commands that set up or tell, and end.

use crate::{
    cli::{
        FirstRunFile,
        output::{print, runtime, warn},
    },
    config::Config,
    graphql::schema,
    start::{self, FirstRun},
};

pub(super) fn schema(operator: bool) -> anyhow::Result<()> {
    print(if operator {
        schema::operator_schema().sdl()
    } else {
        schema::tenant_schema().sdl()
    })
}

pub(super) fn check_config() -> anyhow::Result<()> {
    let config = Config::from_process()?;
    print(config.check_report())?;
    config.warnings().into_iter().try_for_each(warn)
}

pub(super) fn migrate(config: Config) -> anyhow::Result<()> {
    let count = runtime(&config)?.block_on(start::migrate(&config))?;
    print(match count {
        0 => "The database is up to date.".to_owned(),
        count => format!("Ran {count} migration(s)."),
    })
}

pub(super) fn bootstrap(config: Config, output: FirstRunFile) -> anyhow::Result<()> {
    match runtime(&config)?.block_on(start::bootstrap(&config))? {
        Some(first_run) => show(&first_run, &output),
        None => print("The deployment is set up already; nothing was changed."),
    }
}

/// Shows what the first start made, once.
pub(super) fn show(first_run: &FirstRun, output: &FirstRunFile) -> anyhow::Result<()> {
    if let Some(path) = &output.first_run_file {
        first_run
            .write(path)
            .map_err(|error| anyhow::anyhow!("--first-run-file {}: {error}", path.display()))?;
    }
    print(first_run)
}
