//! `vigie user` and `vigie token`: people and tokens without the user interface, also while the server runs.

use std::io::Read;
use std::path::Path;

use model::Time;
use server::console::{add_user, create_token, list_users};

use crate::Ending;
use crate::arguments::{Token, TokenCommand, TokenCreate, User, UserAdd, UserCommand};
use crate::{console, sensor};

/// Bytes of a password that is read: far above what anybody types.
const PASSWORD_BYTES_MAX: u64 = 4_096;

pub fn user(arguments: &User) -> Result<Ending, String> {
    match &arguments.command {
        UserCommand::Add(add) => {
            let UserAdd { name, role, .. } = add;
            made(&add.data.data)?;
            let mut password = String::new();
            std::io::stdin()
                .take(PASSWORD_BYTES_MAX)
                .read_to_string(&mut password)
                .map_err(|e| format!("could not read the password from standard input: {e}"))?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            finish(add_user(&add.data.data, name, *role, password))?;
            console::print(&format!("{name} may come in as {role}\n"))?;
        }
        UserCommand::List(data) => {
            there(&data.data)?;
            let people = finish(list_users(&data.data))?;
            let mut text = String::new();
            for user in &people {
                let note = if user.is_disabled { "  (shut out)" } else { "" };
                text += &format!("{:24}  {}{note}\n", user.name, user.role);
            }
            if people.is_empty() {
                text = "nobody yet: `vigie user add NAME --role administrator --password-stdin`\n".to_owned();
            }
            console::print(&text)?;
        }
    }
    Ok(Ending::Whole)
}

pub fn token(arguments: &Token) -> Result<Ending, String> {
    let TokenCommand::Create(create) = &arguments.command;
    let TokenCreate { name, owner, scopes, days, data } = create;
    there(&data.data)?;
    let expires = sensor::machine_time().plus(i64::from(*days) * 86_400 * 1_000_000_000);
    let secret = finish(create_token(&data.data, name, owner, scopes.clone(), Some(expires)))?;
    console::tell(&format!("shown once and kept nowhere; worth nothing after {}\n", day(expires)));
    console::print(&format!("{secret}\n"))?;
    Ok(Ending::Whole)
}

fn day(time: Time) -> String {
    time.to_string().chars().take(10).collect()
}

fn made(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("could not make `{}`: {e}", folder.display()))
}

/// A folder with a wrong name must not become a new, empty site.
pub fn there(folder: &Path) -> Result<(), String> {
    match folder.join("ledger").is_dir() {
        true => Ok(()),
        false => Err(format!("`{}` holds nothing of Vigie: give the folder with --data", folder.display())),
    }
}

/// Runs what the server's library does in the background, to its end.
pub fn finish<T, E: std::fmt::Display>(work: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("could not start: {e}"))?;
    runtime.block_on(work).map_err(|e| e.to_string())
}
