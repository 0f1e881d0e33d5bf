//! The two Slacks that the stories are told in: the workplace's own, and Slack's Web API behind
//! HTTP, which the real client speaks to. Both show JSON, as Slack has it.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use std::cell::Cell;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use futures::executor::block_on;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::ports::{Chat, MessageRef, Ports};
use sluice_core::config::{Config, Member};
use sluice_core::failure::PortError;
use sluice_core::id::{GroupId, UserId};
use sluice_core::roles::Role;
use sluice_sim::slack_web::{Limit, Limits, Rules, SlackWeb, ViewKind};
use sluice_sim::world::{World, members};
use sluice_slack::{Rendered, Responder, SlackChat, TokenSource, render, render_modal};
use sluice_slack_function::Reply;
use sluice_wire::{Served, SharedSlackWeb, serve};

const BOT_TOKEN: &str = "xoxb-simulated";

/// A message as it stands in Slack.
pub(super) struct Standing {
    pub(super) reference: MessageRef,
    pub(super) is_in_thread: bool,
    pub(super) text: String,
    pub(super) blocks: Vec<Value>,
}

impl Standing {
    /// Its buttons.
    pub(super) fn buttons(&self) -> impl Iterator<Item = &Value> {
        let actions = self
            .blocks
            .iter()
            .filter(|block| block["type"] == "actions");
        let elements = actions.filter_map(|block| block["elements"].as_array());
        elements.flatten()
    }
}

/// Where a story is told.
pub(super) enum Slack {
    /// The workplace's own.
    InProcess { looked_at: Cell<usize> },
    /// Slack's Web API.
    OverHttp(OverHttp),
}

/// Slack's Web API on a loopback port.
pub(super) struct OverHttp {
    web: SharedSlackWeb,
    url: String,
    looked_at: Cell<usize>,
    is_strict: bool,
}

/// The bot's token, as Slack has it now.
struct TokenOf(SharedSlackWeb);

#[async_trait]
impl TokenSource for TokenOf {
    async fn token(&self) -> Result<SecretString, PortError> {
        Ok(SecretString::from(self.0.lock().unwrap().token()))
    }
}

impl OverHttp {
    /// Serves it, from the runtime in which this is called, with the channels and groups of the
    /// configuration.
    fn serve(world: &World, config: &Config) -> Self {
        let mut slack = SlackWeb::new(BOT_TOKEN);
        for environment in &config.environments {
            slack.add_channel(&environment.channel);
            let roles = [
                Role::Deploy,
                Role::Approve,
                Role::RollBack,
                Role::Freeze,
                Role::Override,
            ];
            for member in roles.iter().flat_map(|role| environment.who_may(*role)) {
                if let Member::Group(group) = member {
                    slack.set_group(group, members(group));
                }
            }
        }
        let web = Arc::new(Mutex::new(slack));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/slack", listener.local_addr().unwrap());
        let served = Served {
            cloud: world.cloud(),
            slack: Some(web.clone()),
        };
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        tokio::spawn(serve(served, listener));
        Self {
            web,
            url,
            looked_at: Cell::new(0),
            is_strict: false,
        }
    }

    pub(super) fn web(&self) -> MutexGuard<'_, SlackWeb> {
        self.web.lock().unwrap()
    }
}

impl Slack {
    pub(super) fn in_process() -> Self {
        Self::InProcess {
            looked_at: Cell::new(0),
        }
    }

    /// As [`Self::over_http`], with all that Slack may insist on: people are in groups by the id that
    /// the organisation knows them by, and act by the one of their workspace.
    pub(super) fn strict(world: &World, config: &Config) -> Self {
        let Self::OverHttp(http) = Self::over_http(world, config) else {
            unreachable!("it is over HTTP");
        };
        http.web().set_rules(Rules::strict());
        let strict = Self::OverHttp(OverHttp {
            is_strict: true,
            ..http
        });
        let environments = config.environments.iter();
        let named = environments.flat_map(|environment| environment.who_may(Role::Approve));
        for member in named {
            if let Member::Group(group) = member {
                let ids: Vec<UserId> = members(group).into_iter().collect();
                let ids: Vec<&str> = ids.iter().map(UserId::as_str).collect();
                strict.set_group(world, group, &ids);
            }
        }
        strict
    }

    pub(super) fn is_strict(&self) -> bool {
        matches!(self, Self::OverHttp(http) if http.is_strict)
    }

    /// Calls are never too many: a story that is told in both takes the same time in both.
    pub(super) fn over_http(world: &World, config: &Config) -> Self {
        let http = OverHttp::serve(world, config);
        let plenty = Limit {
            burst: 1_000_000,
            ..Limits::default().tier_3
        };
        http.web().set_limits(Limits {
            posting: plenty,
            tier_2: plenty,
            tier_3: plenty,
            tier_4: plenty,
        });
        Self::OverHttp(http)
    }

    /// The world's ports, with this as the chat. Each time it is made anew, as in a new process.
    pub(super) fn ports(&self, world: &World) -> Ports {
        let ports = world.ports();
        let chat: Arc<dyn Chat> = match self {
            Self::InProcess { .. } => ports.chat,
            Self::OverHttp(http) => {
                let token = SecretString::from(BOT_TOKEN);
                let url = format!("{}/api", http.url);
                let chat = SlackChat::new(&token, &url, ports.clock.clone()).unwrap();
                Arc::new(chat.with_tokens_from(Arc::new(TokenOf(http.web.clone()))))
            }
        };
        Ports { chat, ..ports }
    }

    /// Every message, oldest first.
    pub(super) fn messages(&self, world: &World) -> Vec<Standing> {
        match self {
            Self::InProcess { .. } => {
                let posted = world.slack().messages().into_iter();
                let standing = posted.map(|posted| {
                    let Rendered { text, blocks } = render(posted.says());
                    Standing {
                        is_in_thread: posted.thread.is_some(),
                        reference: posted.reference,
                        text,
                        blocks,
                    }
                });
                standing.collect()
            }
            Self::OverHttp(http) => {
                let web = http.web();
                let standing = web.all_messages().iter().map(|one| Standing {
                    reference: MessageRef {
                        channel: one.channel.clone(),
                        ts: one.ts.clone(),
                    },
                    is_in_thread: one.thread_ts.is_some(),
                    text: one.says()["text"].as_str().unwrap().to_owned(),
                    blocks: one.says()["blocks"].as_array().unwrap().clone(),
                });
                standing.collect()
            }
        }
    }

    /// Whether something was said since this was asked last.
    pub(super) fn has_news(&self, world: &World) -> bool {
        match self {
            Self::InProcess { looked_at } => {
                let mut cursor = looked_at.get();
                let news = !world.slack().buttons_since(&mut cursor).is_empty();
                looked_at.set(cursor);
                news
            }
            Self::OverHttp(http) => {
                let said = http
                    .web()
                    .all_messages()
                    .iter()
                    .map(|one| one.versions.len())
                    .sum();
                http.looked_at.replace(said) != said
            }
        }
    }

    /// Every form that was put before somebody, with its id.
    pub(super) fn forms(&self, world: &World) -> Vec<(String, Value)> {
        match self {
            Self::InProcess { .. } => {
                let modals = world.slack().modals();
                let forms = modals.iter().zip(1..);
                forms
                    .map(|(modal, number)| (format!("V{number:010}"), render_modal(modal)))
                    .collect()
            }
            Self::OverHttp(http) => {
                let web = http.web();
                let modals = web
                    .views()
                    .iter()
                    .filter(|view| view.kind == ViewKind::Modal);
                modals
                    .map(|view| (view.id.clone(), view.view.clone()))
                    .collect()
            }
        }
    }

    /// Somebody's home page, as blocks.
    pub(super) fn home(&self, world: &World, user: &UserId) -> Vec<Value> {
        let view = match self {
            Self::InProcess { .. } => sluice_slack::render_home(&world.slack().home(user).unwrap()),
            Self::OverHttp(http) => {
                let web = http.web();
                let of_user = ViewKind::Home(user.to_string());
                let views = web.views();
                let last = views.iter().rfind(|view| view.kind == of_user);
                last.unwrap().view.clone()
            }
        };
        view["blocks"].as_array().unwrap().clone()
    }

    /// Leave for a form, as a click or command has it: it is the `count`th.
    pub(super) fn trigger(&self, world: &World, count: usize) -> String {
        let now = world.now();
        match self {
            Self::InProcess { .. } => format!("{}.{count}", now.as_millisecond()),
            Self::OverHttp(http) => http.web().new_trigger(now),
        }
    }

    /// Where words for the one who clicked go.
    pub(super) fn response_url(&self, trigger: &str) -> String {
        match self {
            Self::InProcess { .. } => format!("https://hooks.slack.com/actions/{trigger}"),
            Self::OverHttp(http) => format!("{}/respond/{trigger}", http.url),
        }
    }

    /// What the one who clicked reads, once the function has sent it; `None` if it did not arrive.
    pub(super) fn reads(&self, world: &World, reply: &Reply) -> Option<Value> {
        match self {
            Self::InProcess { .. } => {
                let is_down = world.slack().down_until(world.now()).is_some();
                (!is_down).then(|| json!({"blocks": reply.message.blocks}))
            }
            Self::OverHttp(http) => {
                let responder = Responder::new();
                let sent = responder.reply(&reply.response_url, &reply.message);
                block_on(sent).ok()?;
                let web = http.web();
                let (to, said) = web.responses().last().unwrap();
                assert!(reply.response_url.ends_with(to.as_str()));
                assert_eq!(said["response_type"], "ephemeral");
                Some(said.clone())
            }
        }
    }

    /// Says who is in a group from now on.
    pub(super) fn set_group(&self, world: &World, group: &GroupId, members: &[&str]) {
        let members = members.iter().map(|member| UserId::new(*member));
        match self {
            Self::InProcess { .. } => world.slack().set_group(group, members),
            Self::OverHttp(http) if http.is_strict => {
                let mut web = http.web();
                let global: Vec<UserId> = members
                    .map(|local| {
                        let global = UserId::new(format!("W{}", &local.as_str()[1..]));
                        web.set_person(local, global.clone());
                        global
                    })
                    .collect();
                web.set_group(group, global);
            }
            Self::OverHttp(http) => http.web().set_group(group, members),
        }
    }

    /// Slack is down for so long.
    pub(super) fn is_down_for(&self, world: &World, time: jiff::SignedDuration) {
        let (from, until) = (world.now(), world.now() + time);
        match self {
            Self::InProcess { .. } => world.slack().plan_outage(from, until),
            Self::OverHttp(http) => {
                let down = sluice_sim::slack_web::Trouble::Down;
                http.web().plan_trouble(from, until, down);
            }
        }
    }
}
