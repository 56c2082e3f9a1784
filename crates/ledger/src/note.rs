//! Keys and checkpoints: signed notes with Ed25519 signatures, and the cosignatures of witnesses.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rand_core::OsRng;
use signed_note::{Note, NoteError, Signer, StandardSigner, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::Hash;

/// The byte that says in a key and its id that it makes cosignatures (C2SP tlog-cosignature, format).
const COSIGNATURE: u8 = 0x04;

/// Why a checkpoint or a key is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// The text of a key cannot be read.
    #[error("`{0}` is not a key such as name+0a1b2c3d+AbCd…")]
    Key(String),
    /// It is no signed note.
    #[error("it is not a signed note")]
    NotANote,
    /// It is signed, but not the head of a tree.
    #[error("it is not a checkpoint: origin, size and root are expected")]
    NotACheckpoint,
    /// The key signed nothing here.
    #[error("it is not signed by {0}")]
    Unsigned(String),
    /// The signature belongs to something else.
    #[error("the signature of {0} does not belong to it")]
    Forged(String),
    /// The name of the log is not that of the key.
    #[error("it is of the log {origin}, the key is of {key}")]
    Origin {
        /// What the checkpoint says.
        origin: String,
        /// The name of the key.
        key: String,
    },
}

/// The key that people note down, and with which they verify: `name+0a1b2c3d+AbCd…`.
#[derive(Clone)]
pub struct VerifyingKey {
    text: String,
    verifier: StandardVerifier,
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &VerifyingKey) -> bool {
        self.text == other.text
    }
}

impl VerifyingKey {
    /// Reads the text of a key (C2SP signed-note, verifier keys).
    pub fn parse(text: &str) -> Result<VerifyingKey, NoteFault> {
        let text = text.trim();
        let fault = || NoteFault::Key(text.chars().take(200).collect());
        let verifier = StandardVerifier::new(text).map_err(|_| fault())?;
        // There is one way to write a key.
        if text.split('+').nth(1).is_none_or(|id| id.contains(|c: char| c.is_ascii_uppercase())) {
            return Err(fault());
        }
        Ok(VerifyingKey { text: text.to_owned(), verifier })
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of the log.
    pub fn name(&self) -> &str {
        self.verifier.name()
    }
}

/// The key that signs checkpoints. It is written to one file and shown to nobody.
pub(crate) struct SigningKey {
    signer: StandardSigner,
    public: VerifyingKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "signing key of {}", self.public.text)
    }
}

impl SigningKey {
    /// A new key for the log `name`, and its text.
    pub(crate) fn generate(name: &str) -> Option<(SigningKey, String)> {
        if !signed_note::is_key_name_valid(name) {
            return None;
        }
        let (secret, _) = signed_note::generate_key(&mut OsRng, name);
        SigningKey::parse(&secret).map(|key| (key, secret))
    }

    /// Reads the text of a key: `PRIVATE+KEY+name+id+…`, as Go's `note.GenerateKey` writes it.
    pub(crate) fn parse(text: &str) -> Option<SigningKey> {
        let text = text.trim();
        let signer = StandardSigner::new(text).ok()?;
        let secret = BASE64_STANDARD.decode(text.splitn(5, '+').nth(4)?).ok()?;
        let secret: [u8; 32] = secret.get(1..)?.try_into().ok()?;
        let public = ed25519_dalek::SigningKey::from_bytes(&secret).verifying_key();
        let public = VerifyingKey::parse(&signed_note::new_ed25519_verifier_key(signer.name(), &public)).ok()?;
        Some(SigningKey { signer, public })
    }

    pub(crate) fn signer(&self) -> &StandardSigner {
        &self.signer
    }

    pub(crate) fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// The signed checkpoint of a tree.
    pub(crate) fn sign(&self, size: u64, root: Hash) -> Vec<u8> {
        let text = format!("{}\n{size}\n{root}\n", self.public.name());
        let mut note = Note::new(text.as_bytes(), &[]).expect("a key's name has no line break");
        note.add_sigs(&[&self.signer]).expect("Ed25519 signs everything");
        note.to_bytes()
    }
}

/// The signed head of a tree (C2SP tlog-checkpoint).
#[derive(Debug, PartialEq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: String,
    /// Entries of the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    note: Note,
}

impl Checkpoint {
    /// Reads a checkpoint, without looking at its signatures.
    pub fn parse(bytes: &[u8]) -> Result<Checkpoint, NoteFault> {
        let note = Note::from_bytes(bytes).map_err(|_| NoteFault::NotANote)?;
        let head = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|_| NoteFault::NotACheckpoint)?;
        Ok(Checkpoint { origin: head.origin().to_owned(), size: head.size(), root: *head.hash(), note })
    }

    /// Whether the log's key signed it.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), NoteFault> {
        if self.origin != key.name() {
            return Err(NoteFault::Origin { origin: self.origin.clone(), key: key.name().to_owned() });
        }
        self.verified_by(Box::new(key.verifier.clone()), key.name()).map(|_| ())
    }

    /// When a witness saw it, in seconds since 1970, where the witness signed it.
    pub fn cosigned(&self, cosigner: &Cosigner) -> Result<u64, NoteFault> {
        let signature = self.verified_by(Box::new(cosigner.clone()), &cosigner.name)?;
        let time = signature.signature().first_chunk().ok_or(NoteFault::NotANote)?;
        Ok(u64::from_be_bytes(*time))
    }

    fn verified_by(&self, key: Box<dyn Verifier>, name: &str) -> Result<signed_note::Signature, NoteFault> {
        match self.note.verify(&VerifierList::new(vec![key])) {
            Ok((mut signatures, _)) => signatures.pop().ok_or_else(|| NoteFault::Unsigned(name.to_owned())),
            Err(NoteError::InvalidSignature { .. }) => Err(NoteFault::Forged(name.to_owned())),
            Err(_) => Err(NoteFault::Unsigned(name.to_owned())),
        }
    }
}

/// The key of a witness that cosigns checkpoints.
#[derive(Clone, Debug)]
pub struct Cosigner {
    name: String,
    id: u32,
    key: ed25519_dalek::VerifyingKey,
}

impl Cosigner {
    /// Reads the text of a key with the type 0x04.
    pub fn parse(text: &str) -> Result<Cosigner, NoteFault> {
        let read = || {
            let (name, rest) = text.trim().split_once('+')?;
            let (id, key) = rest.split_once('+')?;
            let material = BASE64_STANDARD.decode(key).ok()?;
            let (kind, key) = material.split_first()?;
            let id = u32::from_str_radix(id, 16).ok()?;
            let is_right = *kind == COSIGNATURE
                && signed_note::is_key_name_valid(name)
                && id == signed_note::key_id(name, &material);
            let key = ed25519_dalek::VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
            is_right.then(|| Cosigner { name: name.to_owned(), id, key })
        };
        read().ok_or_else(|| NoteFault::Key(text.to_owned()))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Verifier for Cosigner {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    /// The signature is a time and an Ed25519 signature of `cosignature/v1`, that time and the checkpoint's text.
    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let Some((time, signature)) = signature.split_first_chunk() else { return false };
        let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else { return false };
        let head = format!("cosignature/v1\ntime {}\n", u64::from_be_bytes(*time));
        ed25519_dalek::Verifier::verify(&self.key, &[head.as_bytes(), text].concat(), &signature).is_ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The key of all tests: whoever reads this can sign with it.
    pub(crate) const SECRET: &str =
        "PRIVATE+KEY+vigie.test/ledger+867c69fc+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    #[test]
    fn keys_are_made_and_read() {
        let (key, secret) = SigningKey::generate("plant.example/ledger").unwrap();
        assert_eq!(SigningKey::parse(&secret).unwrap().public(), key.public());
        assert_eq!(key.public().name(), "plant.example/ledger");
        let bytes = key.sign(0, tlog_tiles::EMPTY_HASH);
        assert_eq!(Checkpoint::parse(&bytes).unwrap().verify(key.public()), Ok(()));
        for name in ["", "with space", "with+plus", "line\nbreak"] {
            assert!(SigningKey::generate(name).is_none());
        }
        assert!(SigningKey::parse("PRIVATE+KEY+x+00000000+AAAA").is_none());
    }

    /// The checkpoint of C2SP tlog-cosignature, with the signature of its log and of a witness. The document does not say
    /// their keys: only the form can be read.
    #[test]
    fn the_example_of_the_specification_is_read() {
        let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
            — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        let checkpoint = Checkpoint::parse(note.as_bytes()).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    }

    #[test]
    fn cosignatures_are_verified() {
        use ed25519_dalek::Signer;
        let log = SigningKey::parse(SECRET).unwrap();
        let witness = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let material = [&[COSIGNATURE], witness.verifying_key().as_bytes().as_slice()].concat();
        let id = signed_note::key_id("witness.example/w1", &material);
        let key = format!("witness.example/w1+{id:08x}+{}", BASE64_STANDARD.encode(&material));
        let cosigner = Cosigner::parse(&key).unwrap();
        assert!(VerifyingKey::parse(&key).is_err(), "a witness is not a log");
        assert!(Cosigner::parse(log.public().as_str()).is_err(), "a log is not a witness");

        let mut bytes = log.sign(3, Hash([9; 32]));
        let unsigned = Checkpoint::parse(&bytes).unwrap();
        assert_eq!(unsigned.cosigned(&cosigner), Err(NoteFault::Unsigned("witness.example/w1".into())));
        let text = unsigned.note.text();
        let time = 1_679_315_147_u64;
        let message = [format!("cosignature/v1\ntime {time}\n").as_bytes(), text].concat();
        let mut signature = time.to_be_bytes().to_vec();
        signature.extend(witness.sign(&message).to_bytes());
        let mut sign = |signature: Vec<u8>| {
            let line = signed_note::Signature::new("witness.example/w1".into(), id, signature).unwrap();
            bytes.extend(line.to_bytes());
            Checkpoint::parse(&bytes).unwrap()
        };
        let cosigned = sign(signature.clone());
        assert_eq!((cosigned.cosigned(&cosigner), cosigned.verify(log.public())), (Ok(time), Ok(())));
        signature[7] ^= 1;
        let mut forged = log.sign(3, Hash([9; 32]));
        forged.extend(signed_note::Signature::new("witness.example/w1".into(), id, signature).unwrap().to_bytes());
        let forged = Checkpoint::parse(&forged).unwrap();
        assert_eq!(forged.cosigned(&cosigner), Err(NoteFault::Forged("witness.example/w1".into())));
    }
}
