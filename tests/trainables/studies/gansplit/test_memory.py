"""Generator and critic count as memory of a trial."""

from trainables.classification.memory import need_of, parameters_of
from trainables.models.classifiers import build_classifier
from trainables.models.gan.generator import Generator
from trainables.studies.gansplit.memory import count_generator


def test_a_generator_for_each_class_and_a_critic_are_counted():
    plain = need_of("cnn", 1, (28, 28))
    need = need_of("cnn", 1, (28, 28), count_generator)
    critic = parameters_of(build_classifier("cnn", 1, (28, 28), 2))
    assert need.fixed == plain.fixed + critic + 2 * parameters_of(Generator(1, 28, 2))
    assert need_of("cnn", 3, (64, 64), count_generator).fixed > need.fixed
