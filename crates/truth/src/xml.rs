//! A small tree of an XML file, within bounds: no document type, no entities of its own, no depth without end.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::Refused;

/// Elements inside each other, and in all.
const DEPTH_MAX: usize = 64;
const ELEMENTS_MAX: usize = 2_000_000;

#[derive(Debug, Default)]
pub(crate) struct Node {
    /// Name without its prefix.
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
    pub(crate) text: String,
}

impl Node {
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Text of a child.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }

    /// All elements of a name below this one, in order.
    pub(crate) fn all<'a>(&'a self, name: &str, found: &mut Vec<&'a Node>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.all(name, found);
        }
    }
}

pub(crate) fn parse(name: &str, text: &str) -> Result<Node, Refused> {
    let mut reader = Reader::from_str(text);
    let mut stack = vec![Node::default()];
    let mut count = 0;
    loop {
        let at = reader.buffer_position();
        let refuse = |why: String| Refused { place: format!("{name}, byte {at}"), why };
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                stack.push(open(&start).map_err(refuse)?);
                count += 1;
                if stack.len() > DEPTH_MAX {
                    return Err(refuse(format!("more than {DEPTH_MAX} elements inside each other")));
                }
            }
            Ok(Event::Empty(start)) => {
                count += 1;
                let node = open(&start).map_err(refuse)?;
                if let Some(parent) = stack.last_mut() {
                    parent.children.push(node);
                }
            }
            Ok(Event::End(_)) => {
                let (Some(node), Some(parent)) = (stack.pop(), stack.last_mut()) else {
                    return Err(refuse("an element ends that never began".to_owned()));
                };
                parent.children.push(node);
            }
            Ok(Event::Text(part)) => {
                let part = part.decode().map_err(|e| refuse(e.to_string()))?;
                if let Some(node) = stack.last_mut() {
                    node.text.push_str(&part);
                }
            }
            Ok(Event::CData(part)) => {
                if let Some(node) = stack.last_mut() {
                    node.text.push_str(&String::from_utf8_lossy(&part));
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                let c = match reference.resolve_char_ref() {
                    Ok(Some(c)) => c,
                    _ => match &*reference {
                        b"amp" => '&',
                        b"lt" => '<',
                        b"gt" => '>',
                        b"quot" => '"',
                        b"apos" => '\'',
                        _ => return Err(refuse("an entity that XML does not know".to_owned())),
                    },
                };
                if let Some(node) = stack.last_mut() {
                    node.text.push(c);
                }
            }
            Ok(Event::DocType(kind)) => {
                // nmap names its document type and defines nothing in it.
                if kind.contains(&b'[') || kind.to_ascii_uppercase().windows(6).any(|word| word == b"SYSTEM") {
                    return Err(refuse("a document type with definitions is not read".to_owned()));
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(e) => return Err(refuse(e.to_string())),
        }
        if count > ELEMENTS_MAX {
            return Err(refuse(format!("more than {ELEMENTS_MAX} elements")));
        }
    }
    match stack.len() {
        1 => stack
            .pop()
            .and_then(|mut root| root.children.pop())
            .ok_or_else(|| Refused { place: name.to_owned(), why: "no element".to_owned() }),
        _ => Err(Refused {
            place: format!("{name}, byte {}", text.len()),
            why: "the file ends inside an element".to_owned(),
        }),
    }
}

fn open(start: &BytesStart<'_>) -> Result<Node, String> {
    let mut node = Node { name: String::from_utf8_lossy(start.local_name().as_ref()).into_owned(), ..Node::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let key = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
        node.attributes.push((key, attribute.unescape_value().map_err(|e| e.to_string())?.into_owned()));
    }
    Ok(node)
}
