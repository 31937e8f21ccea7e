"""Byte-level BPE tokenizers trained on the training pool."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from modelmap.zoo.settings import TokenizerRecipe

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"


def train_tokenizer(
    texts: Sequence[str], recipe: TokenizerRecipe, max_length: int
) -> "PreTrainedTokenizerFast":
    """Return a byte-level BPE tokenizer with one special token, END_OF_TEXT, whose id is 0.

    If the recipe has `add_bos`, the tokenizer puts END_OF_TEXT before every text, as that of Llama
    does. Otherwise it adds nothing, as that of GPT-2 does.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocab_size,
        special_tokens=[END_OF_TEXT],
        # All 256 bytes are tokens, so that any text can be encoded without loss.
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    if recipe.add_bos:
        core.post_processor = processors.TemplateProcessing(
            single=f"{END_OF_TEXT} $A", special_tokens=[(END_OF_TEXT, 0)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        model_max_length=max_length,
        clean_up_tokenization_spaces=False,
    )
