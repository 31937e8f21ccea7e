"""Tokenizers that differ in the special tokens they add and in what they lose of a text."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

BOS, EOS, UNKNOWN = "<s>", "</s>", "<unk>"
SPECIAL = [BOS, EOS, UNKNOWN]
LEARNT = ["The map of models. The map of texts.", "Hello, world! It's a map , of course ."]
# What a tokenizer adds -> the template of its post-processor.
TEMPLATES = {"BOS": f"{BOS} $A", "EOS": f"$A {EOS}", "both": f"{BOS} $A {EOS}", "nothing": "$A"}


def _wrapped(core: Any, adds: str = "nothing", **options: Any) -> "PreTrainedTokenizerFast":
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    ends = [(BOS, core.token_to_id(BOS)), (EOS, core.token_to_id(EOS))]
    core.post_processor = processors.TemplateProcessing(single=TEMPLATES[adds], special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token=BOS, eos_token=EOS, unk_token=UNKNOWN, **options
    )


def byte_level(adds: str = "nothing", **options: Any) -> "PreTrainedTokenizerFast":
    """Return a byte-level BPE tokenizer, as GPT-2's, that adds the special tokens named."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(LEARNT, trainer)
    return _wrapped(core, adds, **options)


def with_byte_fallback(adds: str = "BOS") -> "PreTrainedTokenizerFast":
    """Return a tokenizer of word pieces and bytes, as Llama's, that puts a space first."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

    pieces = ["▁", *"Thelmapofdstx.", "▁The", "▁map"]
    tokens = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *pieces]
    merges = [("▁", "T"), ("▁T", "h"), ("▁Th", "e"), ("▁", "m"), ("▁m", "a"), ("▁ma", "p")]
    tokens += ["▁T", "▁Th", "▁m", "▁ma"]
    vocabulary = {token: place for place, token in enumerate(tokens)}
    core = Tokenizer(models.BPE(vocabulary, merges, unk_token=UNKNOWN, byte_fallback=True))
    core.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    core.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    core.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    return _wrapped(core, adds)


def of_words() -> "PreTrainedTokenizerFast":
    """Return a tokenizer of whole words: others are unknown, and all spaces are one."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["The", "map", "of", "models", "."]
    vocabulary = {token: place for place, token in enumerate([*SPECIAL, *words])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    return _wrapped(core, clean_up_tokenization_spaces=False)
